-- id_weighted_sum(head)
-- 本体码 17 位（整数）的加权和，除以 11 的余数决定校验位。
-- Basis: GB 11643-1999 / ISO 7064 MOD 11-2.  Integer arithmetic on one BIGINT column: many times faster than 17 substrings.
SELECT
  7 * ((head // 10000000000000000) % 10) + 9 * ((head // 1000000000000000) % 10) + 10 * ((head // 100000000000000) % 10) +
  5 * ((head // 10000000000000) % 10) + 8 * ((head // 1000000000000) % 10) + 4 * ((head // 100000000000) % 10) +
  2 * ((head // 10000000000) % 10) + 1 * ((head // 1000000000) % 10) + 6 * ((head // 100000000) % 10) +
  3 * ((head // 10000000) % 10) + 7 * ((head // 1000000) % 10) + 9 * ((head // 100000) % 10) +
  10 * ((head // 10000) % 10) + 5 * ((head // 1000) % 10) + 8 * ((head // 100) % 10) +
  4 * ((head // 10) % 10) + 2 * (head % 10) AS value
FROM cell
