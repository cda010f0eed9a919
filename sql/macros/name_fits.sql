-- name_fits(one, other)
-- 一个姓名的通配符“?”能否由另一个姓名的字补上：字数相同，其余的字都相同。
-- Grain: one pair of names.  Limit: a wildcard stands for exactly one character; two names with wildcards must fit one way.
SELECT
  (contains(one, '?') AND other LIKE replace(one, '?', '_')) OR (contains(other, '?') AND one LIKE replace(other, '?', '_')) AS value
FROM cell
