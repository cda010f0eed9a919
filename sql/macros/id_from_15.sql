-- id_from_15(raw)
-- 15 位升 18 位：插入世纪并补校验位；顺序码 996–999 为百岁以上老人 (18xx)。
-- Grain: one 15-digit number.  Basis: GB 11643-1989 → GB 11643-1999.
SELECT
  left(raw, 6) || CASE WHEN right(raw, 3) >= '996' THEN '18' ELSE '19' END || substr(raw, 7)
  || id_check_digit(left(raw, 6) || CASE WHEN right(raw, 3) >= '996' THEN '18' ELSE '19' END || substr(raw, 7)) AS value
FROM cell
