-- name_differs_once(one, other)
-- 两个姓名是否只有一个字不同，或者一方少一个字，且至少两个字相同。
-- Grain: one pair of names.  Limit: of names with five characters or more, three bytes may differ, which is one character.
-- DuckDB measures edits in bytes, so names of up to four characters, nearly all, are compared by place. Whoever differs once agrees in
-- the first or in the last character: that look spares nearly everybody the rest.
SELECT
  CASE
    WHEN left(one, 1) <> left(other, 1) AND right(one, 1) <> right(other, 1) THEN FALSE
    WHEN length(one) = length(other) AND length(one) BETWEEN 3 AND 4 THEN
      substr(one, 2) = substr(other, 2)
      OR left(one, 1) = left(other, 1) AND substr(one, 3) = substr(other, 3)
      OR left(one, 2) = left(other, 2) AND substr(one, 4) = substr(other, 4)
      OR left(one, 3) = left(other, 3)
    WHEN length(one) = length(other) + 1 AND length(other) BETWEEN 2 AND 3 THEN
      substr(one, 2) = other OR left(one, 1) || substr(one, 3) = other OR left(one, 2) || substr(one, 4) = other OR left(one, 3) = other
    WHEN length(other) = length(one) + 1 AND length(one) BETWEEN 2 AND 3 THEN
      substr(other, 2) = one OR left(other, 1) || substr(other, 3) = one OR left(other, 2) || substr(other, 4) = one OR left(other, 3) = one
    WHEN least(length(one), length(other)) >= 4 AND abs(length(one) - length(other)) <= 1 THEN levenshtein(one, other) <= 3
    ELSE FALSE
  END AS value
FROM cell
