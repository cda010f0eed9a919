-- id_whole(raw)
-- 18 位数字号码的整数值；尾号为 X 或不是数字的为 NULL。
-- Grain: one cell.
SELECT
  CASE WHEN strlen(raw) = 18 THEN try_cast(raw AS BIGINT) END AS value
FROM cell
