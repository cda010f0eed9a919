-- id_problem(plain, kind, candidate)
-- 号码为什么不能用：缺失、科学计数、占位、长度、字符、校验位、出生日期。
-- Grain: one tidied cell that is no sound id.  Basis: GB 11643-1999.
-- Tie-breaks: the first reason that holds; a number with a wrong check digit and an impossible date is ID_CHECKSUM.
SELECT
  CASE
    WHEN plain IS NULL OR regexp_full_match(plain, '(无|/|\\|-|—|NULL|NA|未办理|未办|新生儿|同上|没有|暂无|不详|未上户|办理中)?') THEN 'ID_MISSING'
    WHEN regexp_full_match(plain, '[0-9](\.[0-9]+)?E\+?[0-9]+|[0-9]{15,}\.0*') THEN 'ID_SCI_NOTATION'
    WHEN contains(plain, '99999') OR regexp_full_match(plain, '0{6,}|1{6,}|[*]{2,}|X{2,}') THEN 'ID_PLACEHOLDER'
    WHEN kind = 'id15' THEN 'ID_BIRTHDATE'
    WHEN regexp_full_match(plain, '[GJL][0-9]{17}[0-9X]') THEN 'ID_SHAPE'
    WHEN kind IS NULL AND strlen(plain) NOT IN (20, 22) THEN 'ID_LENGTH'
    WHEN kind IS NULL OR NOT regexp_full_match(plain, '[0-9]{17}[0-9X*].*') THEN 'ID_SHAPE'
    WHEN id_check_digit(left(candidate, 17)) IS DISTINCT FROM right(candidate, 1) THEN 'ID_CHECKSUM'
    ELSE 'ID_BIRTHDATE'
  END AS value
FROM cell
