-- birth_slipped(one, other)
-- 两个出生日期（YYYYMMDD）是否只差一处笔误：一位数字不同、相邻两位颠倒，或者日与月对调。
-- Grain: one pair of whole dates.
SELECT
  CASE hamming(one, other)
    WHEN 1 THEN TRUE
    WHEN 2 THEN damerau_levenshtein(one, other) = 1 OR one = left(other, 4) || right(other, 2) || substr(other, 5, 2)
    WHEN 3 THEN one = left(other, 4) || right(other, 2) || substr(other, 5, 2)
    WHEN 4 THEN one = left(other, 4) || right(other, 2) || substr(other, 5, 2)
    ELSE FALSE
  END AS value
FROM cell
