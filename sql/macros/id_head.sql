-- id_head(raw, whole)
-- 号码前 17 位的整数值。
-- Grain: one cell.  Most ids end in a digit, so the whole number is at hand; cutting text is what costs.
SELECT
  CASE WHEN whole IS NOT NULL THEN whole // 10 WHEN strlen(raw) = 18 THEN try_cast(left(raw, 17) AS BIGINT) END AS value
FROM cell
