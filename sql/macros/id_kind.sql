-- id_kind(plain)
-- 号码的形状：id18、id15、cert20（20/22 位残疾人证）、student_g（G 学籍号）；其他为 NULL。
-- Grain: one tidied cell.  Limit: J… and L… student numbers look like an id but are none.
SELECT
  CASE
    WHEN strlen(plain) = 18 THEN 'id18'
    WHEN regexp_full_match(plain, '[0-9]{15}') THEN 'id15'
    WHEN regexp_full_match(plain, '[0-9]{17}[0-9X][1-7][1-4](B[0-9])?') THEN 'cert20'
    WHEN strlen(plain) = 19 AND left(plain, 1) = 'G' THEN 'student_g'
  END AS value
FROM cell
