-- id_check_digit(raw)
-- 本体码 17 位（文字）的校验位；不是 17 位数字的为 NULL。
-- Basis: GB 11643-1999 / ISO 7064 MOD 11-2.
SELECT
  substr('10X98765432', CAST(1 + id_weighted_sum(try_cast(raw AS BIGINT)) % 11 AS BIGINT), 1) AS value
FROM cell
