-- id_candidate(plain, kind)
-- 号码里可能的 18 位公民身份号码：15 位升 18 位、残疾人证号取前 18 位、G 学籍号取后 18 位、尾号 * 代 X。
-- Grain: one tidied cell.  Limit: whether it is sound is asked afterwards; a wrong check digit is never corrected.
SELECT
  CASE kind
    WHEN 'id18' THEN left(plain, 17) || replace(right(plain, 1), '*', 'X')
    WHEN 'id15' THEN id_from_15(plain)
    WHEN 'cert20' THEN left(plain, 18)
    WHEN 'student_g' THEN substr(plain, 2)
  END AS value
FROM cell
