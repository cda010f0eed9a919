-- ratio_value(plain)
-- 比率，统一为小数：85、85%、0.85 → 0.85；月利率 3.625‰ → 年 0.0435。
-- Grain: one tidied cell.  Tie-breaks: without a sign a value above 1 is a percentage.
SELECT
  CASE
    WHEN right(plain, 1) = '%' THEN try_cast(number_value(left(plain, length(plain) - 1)) / 100 AS DECIMAL(18,6))
    WHEN right(plain, 1) = '‰' THEN try_cast(number_value(left(plain, length(plain) - 1)) * 12 / 1000 AS DECIMAL(18,6))
    WHEN abs(number_value(plain)) > 1 THEN try_cast(number_value(plain) / 100 AS DECIMAL(18,6))
    ELSE try_cast(number_value(plain) AS DECIMAL(18,6))
  END AS value
FROM cell
