-- month_fast(raw)
-- 规范写法 YYYY-MM 的年月，取一日。
-- Grain: one cell.
SELECT
  CASE WHEN strlen(raw) = 7 AND substr(raw, 5, 1) = '-' AND try_cast(raw || '-01' AS DATE) BETWEEN DATE '1880-01-01' AND DATE '2100-12-31'
    THEN try_cast(raw || '-01' AS DATE) END AS value
FROM cell
