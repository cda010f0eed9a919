-- core.schooling
-- 在学情况：有学籍记录的每个人，最能说明问题的一条学籍。
-- Grain: one row per person_key that has an enrolment record.
-- Scope: person_key
-- 政策依据: 北委发〔2019〕5号 二(一)2 控辍保学；国家脱贫攻坚普查公报（在校、送教上门）。
-- Inputs: core.education_enrollment_now.
-- Limits: 只有本市学籍系统的记录：没有记录不等于失学（可能在外地就读）。is_enrolled 为真指在籍且在校（含送教上门）；是否在校没有填的按在校计，
--   is_attending 仍为空。is_finished 为真指已从初中或以上毕业。
-- Tie-breaks: 在读的优先，其次依次为在籍不在校、休学、转出、已完成初中、辍学、其他；再取学段代码大、学籍号小的一条。
WITH ranked AS (
  SELECT
    person_key, student_key, stage_code, school, status_code, is_attending, is_registered_poor, boarding_code, enrolled_month,
    CASE
      WHEN status_code = '1' AND (stage_code = '7' OR coalesce(is_attending, TRUE)) THEN 1
      WHEN status_code = '1' THEN 2
      WHEN status_code = '2' THEN 3
      WHEN status_code = '3' THEN 4
      WHEN status_code = '5' AND stage_code IN ('3', '4', '5', '8') THEN 5
      WHEN status_code = '4' THEN 6
      ELSE 7
    END AS preference
  FROM core.education_enrollment_now
  WHERE person_key IS NOT NULL
),
chosen AS (
  SELECT
    person_key, student_key, stage_code, school, status_code, is_attending, is_registered_poor, boarding_code, enrolled_month, preference,
    row_number() OVER (PARTITION BY person_key ORDER BY preference, stage_code DESC NULLS LAST, student_key) AS choice
  FROM ranked
)
SELECT
  person_key, student_key, stage_code, school, status_code, is_attending, is_registered_poor, boarding_code, enrolled_month,
  preference = 1 AS is_enrolled,
  preference = 2 AS is_absent,
  preference = 5 AS is_finished
FROM chosen
WHERE choice = 1
