-- date_problem(plain)
-- 日期为什么不能用：写法有歧义（两位年、农历）或不是日期；开放的止日不算错误。
-- Grain: one tidied cell without a value.
SELECT
  CASE
    WHEN regexp_full_match(plain, '至今|长期|永久|长期有效|0|9999-12-31|99991231|1899-12-30|1900-01-00') OR cell_is_null(plain) THEN NULL
    WHEN contains(plain, '农历') OR contains(plain, '阴历') THEN 'DATE_AMBIGUOUS'
    WHEN regexp_full_match(plain, '[0-9]{1,2}-[0-9]{1,2}-[0-9]{1,4}|[0-9]{6}|[0-9]{2}-[0-9]{1,2}') THEN 'DATE_AMBIGUOUS'
    ELSE 'DATE_INVALID'
  END AS value
FROM cell
