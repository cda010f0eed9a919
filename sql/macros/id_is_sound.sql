-- id_is_sound(raw, whole, head)
-- raw 是否是有效的 18 位公民身份号码：数字、出生日期存在、校验位相符。
-- Basis: GB 11643-1999, ISO 7064 MOD 11-2.  Limit: the division part is not checked (abolished codes stay valid in old ids).
-- whole and head are columns of their own (see id_whole, id_head): DuckDB would repeat a cast in every branch of a CASE.
SELECT
  coalesce(
    strlen(raw) = 18
    AND head >= 10000000000000000
    AND (head // 10000000) % 10000 BETWEEN 1800 AND 2100
    AND (head // 100000) % 100 BETWEEN 1 AND 12
    AND (head // 1000) % 100 BETWEEN 1 AND 31
    AND ((head // 1000) % 100 <= 28
         OR try_cast(substr(raw, 7, 4) || '-' || substr(raw, 11, 2) || '-' || substr(raw, 13, 2) AS DATE) IS NOT NULL)
    AND (12 - id_weighted_sum(head) % 11) % 11 = CASE WHEN whole IS NOT NULL THEN whole % 10 WHEN ends_with(raw, 'X') THEN 10 ELSE -1 END,
    FALSE) AS value
FROM cell
