-- name_fits(one, other)
-- 一个姓名的通配符“?”能否由另一个姓名的字补上：字数相同，其余的字都相同。
-- Grain: one pair of names.  Limit: a wildcard stands for exactly one character; two names with wildcards must fit one way.
-- CASE, because DuckDB evaluates both sides of AND, and patterns are slow.
SELECT
  CASE WHEN contains(one, '?') THEN other LIKE replace(one, '?', '_') WHEN contains(other, '?') THEN one LIKE replace(other, '?', '_') ELSE FALSE END AS value
FROM cell
