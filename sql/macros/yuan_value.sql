-- yuan_value(raw, plain, factor)
-- 金额，统一为元 DECIMAL(18,2)。factor: 1, 10000 …, the unit of the column in this batch (header bracket or «单位：万元» note).
-- Grain: one tidied cell.  Tie-breaks: a unit written in the cell wins over the column's; full-width － is a zero, a plain - is empty.
SELECT
  CASE
    WHEN raw = '－' THEN 0
    ELSE try_cast(number_value(plain) * CASE WHEN regexp_matches(plain, '[元万亿]') THEN 1 ELSE factor END AS DECIMAL(18,2))
  END AS value
FROM cell
