-- N04 疑似漏评（三保障）
-- 没有建档的农村户，住 C、D 级房、适龄儿童不在读或有人未参保，同时是低保户、得过临时救助、有残疾人或大病的。
-- 政策依据: 北委发〔2019〕5号 三(一)1、三(一)3；国家脱贫攻坚普查公报（义务教育、基本医疗、住房安全）。
-- Severity: 橙
-- Owner: 乡镇
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: family（户口簿户，整户没有建档）
-- Scope: family_key = subject
-- Parameters: MED_SELF_ALL, EDU_AGE_MIN, EDU_AGE_MAX, SCHOOL_PROOF_DAYS, NEWBORN_DAYS
-- Feeds: household_registration, registry_person, housing_assessment|education_enrollment|health_insurance,
--   subsistence_allowance|temporary_relief|disability|health_settlement
-- Undone by: registry_person, health_insurance, education_enrollment, education_case, housing_assessment, housing_renovation
-- Inputs: core.family_strain, core.family_income, core.temporary_relief_now, core.member, ref.run.
-- Limits: 低保边缘户没有名册，以在保低保户和近十二个月得过临时救助的户代替。残疾指持有效残疾证；大病指近十二个月个人负担达到 MED_SELF_ALL。
--   户口簿上有人建档的可能是分户，无法判定。失学同 G01，外地就读有证明的不算。
-- Tie-breaks: none; core.family_income has one row per family.
WITH relieved AS (
  SELECT member.family_key, count(*) AS relief_count
  FROM core.temporary_relief_now AS relief
  CROSS JOIN ref.run
  INNER JOIN core.member AS member ON member.person_key = relief.person_key
  WHERE relief.relief_date > run.as_of - INTERVAL 1 YEAR AND relief.relief_date <= run.as_of
  GROUP BY member.family_key
)
SELECT
  family.family_key AS subject,
  family.head_person_key AS person_key,
  CAST(NULL AS VARCHAR) AS household_id,
  family.village_code,
  CASE
    WHEN family.allowance_count = 0 AND coalesce(relieved.relief_count, 0) = 0 AND strain.disabled_count = 0 AND strain.illness_count = 0 THEN '未命中'
    WHEN family.has_registered_kin THEN '无法判定'
    ELSE '命中'
  END AS verdict,
  concat_ws(
    '、',
    CASE WHEN strain.unsafe_house_grade IS NOT NULL THEN strain.unsafe_house_grade || '级住房' END,
    CASE WHEN strain.out_of_school_count > 0 THEN '适龄儿童不在读' END,
    CASE WHEN strain.uninsured_count > 0 THEN '未参加基本医疗保险' END,
    CASE WHEN family.allowance_count > 0 THEN '低保户' END,
    CASE WHEN relieved.relief_count > 0 THEN '得过临时救助' END,
    CASE WHEN strain.disabled_count > 0 THEN '有残疾人' END,
    CASE WHEN strain.illness_count > 0 THEN '大额医疗支出' END
  ) AS clue_reason,
  strain.unsafe_house_grade,
  strain.out_of_school_count,
  strain.uninsured_count,
  family.allowance_count,
  strain.disabled_count,
  coalesce(relieved.relief_count, 0) AS relief_count,
  strain.illness_count
FROM core.family_strain AS strain
INNER JOIN core.family_income AS family ON family.family_key = strain.family_key
LEFT JOIN relieved ON relieved.family_key = strain.family_key
WHERE
  NOT family.is_registered
  AND (strain.unsafe_house_grade IS NOT NULL OR strain.out_of_school_count > 0 OR strain.uninsured_count > 0)
