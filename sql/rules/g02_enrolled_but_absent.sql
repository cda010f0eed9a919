-- G02 在籍不在校
-- 适龄、有在籍学籍而连续十个上学日以上不在校的孩子。
-- 政策依据: 四查三比对（学籍×在校）；国办发〔2017〕72号 控辍保学；北委发〔2019〕5号 二(一)2。
-- Severity: 红
-- Owner: jiaoyu
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: person（不按户）
-- Parameters: EDU_AGE_MIN, EDU_AGE_MAX, ABSENT_DAYS, SCHOOL_PROOF_DAYS
-- Feeds: education_enrollment, education_case, household_registration, registry_person
-- Undone by: education_case
-- Inputs: core.school_age, core.education_enrollment, ref.parameter, ref.run, ref.workday.
-- Limits: 未到校之日取台账填写的日期；没有填的，从历次报送中这一次连续报为不在校的第一天算起，天数还不够的无法判定（实际可能更早）。上学日按工作日计，
--   未到校当日和运行日都算；寒暑假无从得知，放假期间以台账日期为准。是否在校没有填的无法判定。送教上门和有外地就读等有效证明的不算。
-- Tie-breaks: none.
WITH parameter AS (
  SELECT max(CASE WHEN parameter.code = 'ABSENT_DAYS' THEN parameter.value END) AS absent_days
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
pupil AS (
  SELECT
    child.person_key, child.household_id, child.village_code, child.stage_code, child.schooling_basis, child.is_registered, child.is_attending,
    child.absent_from_date, child.student_key
  FROM core.school_age AS child
  WHERE child.status_code = '1'
),
-- Few children are absent, so the history of theirs alone is read.
record AS (
  SELECT history.student_key, history.valid_from, history.valid_to, coalesce(history.is_attending, TRUE) AS is_attending
  FROM core.education_enrollment AS history
  INNER JOIN pupil ON pupil.student_key = history.student_key
  WHERE pupil.schooling_basis = '在籍不在校' AND history.recorded_to = TIMESTAMP '9999-12-31 00:00:00'
),
present AS (
  SELECT student_key, max(valid_to) AS present_until
  FROM record
  WHERE is_attending
  GROUP BY student_key
),
absence AS (
  SELECT record.student_key, min(record.valid_from) AS absent_since
  FROM record
  LEFT JOIN present ON present.student_key = record.student_key
  WHERE NOT record.is_attending AND record.valid_from >= coalesce(present.present_until, DATE '1900-01-01')
  GROUP BY record.student_key
),
counted AS (
  SELECT
    pupil.person_key, pupil.household_id, pupil.village_code, pupil.stage_code, pupil.schooling_basis, pupil.is_registered, pupil.is_attending,
    pupil.absent_from_date IS NOT NULL AS is_stated,
    coalesce(pupil.absent_from_date, absence.absent_since) AS absent_from_date,
    -- The day before tells how many working days had gone by when the absence began.
    CAST(today.number - eve.number AS BIGINT) AS absent_school_days,
    parameter.absent_days
  FROM pupil
  CROSS JOIN parameter
  CROSS JOIN ref.run AS run
  INNER JOIN ref.workday AS today ON today.day = run.as_of
  LEFT JOIN absence ON absence.student_key = pupil.student_key
  LEFT JOIN ref.workday AS eve ON eve.day = CAST(coalesce(pupil.absent_from_date, absence.absent_since) - INTERVAL 1 DAY AS DATE)
)
SELECT
  CAST(person_key AS VARCHAR) AS subject,
  person_key,
  household_id,
  village_code,
  CASE
    WHEN schooling_basis = '参数未录入' THEN '参数缺失'
    WHEN schooling_basis = '在读' AND is_attending IS NULL THEN '无法判定'
    WHEN schooling_basis <> '在籍不在校' THEN '未命中'
    WHEN absent_school_days >= absent_days THEN '命中'
    WHEN is_stated THEN '未命中'
    ELSE '无法判定'
  END AS verdict,
  stage_code,
  is_registered,
  schooling_basis,
  absent_from_date,
  absent_school_days
FROM counted
