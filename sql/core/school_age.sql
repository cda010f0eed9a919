-- core.school_age
-- 义务教育适龄儿童：每个适龄的孩子现在在哪里，得出这一结论的那一条理由。
-- Grain: one row per person of school age (EDU_AGE_MIN to EDU_AGE_MAX on the run date) who is on the police register or registered as poor.
-- 政策依据: 北委发〔2019〕5号 二(一)2 “确保适龄儿童、少年应学在学”；国家脱贫攻坚普查公报（适龄 6—15 周岁）；四查三比对（户籍×学籍、学籍×在校）；
--   《义务教育法》第十一条（年满六周岁入学，学年自 9 月 1 日起）。
-- Inputs: core.member, core.schooling, core.school_case, core.education_enrollment_now, core.household_registration_now, core.registry_person_now,
--   ref.parameter, ref.run.
-- Limits: 学籍或台账没有到达时这里只是“没有查到”，由使用者按 ref.feed_state 判断。本学年开学（9 月 1 日）以后才满入学年龄的，没有学籍是“未到入学日期”。
--   有同名、同出生日期而没有对上人的在籍学籍时，不能断定没有学籍。户籍已注销、迁出、死亡而又不在建档名单的人不在此表。
-- Tie-breaks: none; each input holds one row per person.
WITH parameter AS (
  SELECT
    max(CASE WHEN parameter.code = 'EDU_AGE_MIN' THEN parameter.value END) AS school_from,
    max(CASE WHEN parameter.code = 'EDU_AGE_MAX' THEN parameter.value END) AS school_to
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
-- The school year that runs on the run date begins on 1 September of this year or of the last.
run AS (
  SELECT
    extract(YEAR FROM as_of) - CASE WHEN extract(MONTH FROM as_of) >= 9 THEN 0 ELSE 1 END AS school_year
  FROM ref.run
),
child AS (
  SELECT
    member.person_key, member.household_id, member.village_code, member.birth_date, member.age, member.is_registered,
    run.school_year - extract(YEAR FROM member.birth_date) - CASE WHEN extract(MONTH FROM member.birth_date) >= 9 THEN 1 ELSE 0 END
    >= parameter.school_from AS is_due
  FROM core.member AS member
  CROSS JOIN run
  CROSS JOIN parameter
  WHERE member.age >= parameter.school_from AND member.age <= parameter.school_to
    AND NOT member.is_deceased AND (member.is_registered OR member.is_on_register)
),
stranger AS (
  SELECT name, birth_date
  FROM core.education_enrollment_now
  WHERE person_key IS NULL AND status_code = '1' AND birth_date IS NOT NULL
  GROUP BY name, birth_date
),
namesake AS (
  SELECT person.person_key
  FROM stranger
  INNER JOIN core.household_registration_now AS person ON person.name = stranger.name AND person.birth_date = stranger.birth_date
  UNION
  SELECT person.person_key
  FROM stranger
  INNER JOIN core.registry_person_now AS person ON person.name = stranger.name AND person.birth_date = stranger.birth_date
)
SELECT
  child.person_key,
  child.household_id,
  child.village_code,
  child.birth_date,
  child.age,
  child.is_registered,
  schooling.stage_code,
  schooling.status_code,
  schooling.is_attending,
  schooling.student_key,
  CASE
    WHEN schooling.is_enrolled AND schooling.stage_code = '7' THEN '送教上门'
    WHEN schooling.is_enrolled THEN '在读'
    WHEN note.is_taught_at_home THEN '送教上门'
    WHEN note.is_elsewhere THEN '外地就读'
    WHEN note.is_unfit THEN '不具备学习条件'
    WHEN note.is_deferred THEN '延缓入学'
    WHEN note.is_proof_undecided THEN '参数未录入'
    WHEN schooling.is_absent THEN '在籍不在校'
    WHEN schooling.status_code = '2' THEN '休学，待核'
    WHEN schooling.is_finished THEN '已完成初中'
    WHEN schooling.status_code = '4' OR note.is_lost THEN '辍学'
    WHEN schooling.status_code = '3' THEN '转出，去向待核'
    WHEN NOT child.is_due THEN '未到入学日期'
    WHEN namesake.person_key IS NOT NULL THEN '有同名学籍未对上'
    WHEN note.has_claim THEN '未在校而无有效证明'
    ELSE '无在读学籍'
  END AS schooling_basis,
  coalesce(note.has_plan, FALSE) AS has_case_plan,
  coalesce(note.is_plan_unknown, FALSE) AS is_plan_unknown,
  note.absent_from_date,
  note.proof_date
FROM child
LEFT JOIN core.schooling AS schooling ON schooling.person_key = child.person_key
LEFT JOIN core.school_case AS note ON note.person_key = child.person_key
LEFT JOIN namesake ON namesake.person_key = child.person_key
