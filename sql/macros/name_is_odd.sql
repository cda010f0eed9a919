-- name_is_odd(raw)
-- 姓名是否含汉字以外的字符，或等于没填。
-- Grain: one cell.
SELECT
  regexp_matches(raw, '[^\x{3400}-\x{9FFF}\x{20000}-\x{323AF}]|^(无|暂无|不详|空)$') AS value
FROM cell
