-- date_value(plain)
-- 各种写法的日期；到月的取一日，到年的取一月一日；“长期”“至今”和 Excel 的空日期为 NULL。
-- Grain: one tidied cell.  Tie-breaks: six digits are YYYYMM from 1950 on, else ambiguous; five digits are an Excel serial (1900
-- system); a two-digit year is never guessed.
SELECT
  CASE
    WHEN plain = '1899-12-30' THEN NULL
    WHEN regexp_full_match(plain, '(18|19|20)[0-9]{2}-[0-9]{1,2}-[0-9]{1,2}') THEN try_cast(plain AS DATE)
    WHEN regexp_full_match(plain, '(18|19|20)[0-9]{6}') THEN try_cast(left(plain, 4) || '-' || substr(plain, 5, 2) || '-' || right(plain, 2) AS DATE)
    WHEN regexp_full_match(plain, '(18|19|20)[0-9]{2}-[0-9]{1,2}') THEN try_cast(plain || '-1' AS DATE)
    WHEN regexp_full_match(plain, '(19[5-9][0-9]|20[0-9]{2})[01][0-9]') THEN try_cast(left(plain, 4) || '-' || right(plain, 2) || '-1' AS DATE)
    WHEN regexp_full_match(plain, '(18|19|20)[0-9]{2}') THEN try_cast(plain || '-01-01' AS DATE)
    WHEN regexp_full_match(plain, '[1-6][0-9]{4}(-0+)?') THEN DATE '1899-12-30' + CAST(left(plain, 5) AS INTEGER)
  END AS value
FROM cell
