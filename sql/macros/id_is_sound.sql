-- id_is_sound(raw, head)
-- 号码 raw 的前 17 位整数为 head 时，是否是有效的 18 位公民身份号码：数字、出生日期存在、校验位相符。
-- Basis: GB 11643-1999.  Limit: the division part is not checked (abolished codes stay valid in old ids).
-- head is a column of its own (try_cast of the first 17 characters) because DuckDB would repeat the cast 17 times inside a CASE.
SELECT
  coalesce(
    strlen(raw) = 18
    AND head >= 10000000000000000
    AND (head // 10000000) % 10000 BETWEEN 1800 AND 2100
    AND (head // 100000) % 100 BETWEEN 1 AND 12
    AND (head // 1000) % 100 BETWEEN 1 AND 31
    AND ((head // 1000) % 100 <= 28
         OR try_cast(substr(raw, 7, 4) || '-' || substr(raw, 11, 2) || '-' || substr(raw, 13, 2) AS DATE) IS NOT NULL)
    AND substr('10X98765432', CAST(1 + id_weighted_sum(head) % 11 AS BIGINT), 1) = right(raw, 1),
    FALSE) AS value
FROM cell
