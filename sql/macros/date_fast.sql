-- date_fast(raw)
-- 规范写法 YYYY-MM-DD 的日期。
-- Grain: one cell.  Limit: 1899-12-30 is Excel's empty date, 9999-12-31 an open end: both are left to date_value (NULL).
SELECT
  CASE WHEN strlen(raw) = 10 AND raw <> '1899-12-30' AND try_cast(raw AS DATE) BETWEEN DATE '1880-01-01' AND DATE '2100-12-31'
    THEN try_cast(raw AS DATE) END AS value
FROM cell
