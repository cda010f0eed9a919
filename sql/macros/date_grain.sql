-- date_grain(plain)
-- 日期写到哪一级：day / month / year；规范写法（plain 为 NULL）为 day。
-- Grain: one tidied cell.  Tie-breaks: six digits are YYYYMM.
SELECT
  CASE
    WHEN regexp_full_match(plain, '[0-9]{4}-[0-9]{1,2}|[0-9]{6}') THEN 'month'
    WHEN regexp_full_match(plain, '[0-9]{4}') THEN 'year'
    ELSE 'day'
  END AS value
FROM cell
