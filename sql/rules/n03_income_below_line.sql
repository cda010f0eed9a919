-- N03 疑似漏评（收入）
-- 没有建档的农村户，部门能看到的人均收入低于国家扶贫标准，又有住房、教育、医疗缺项的。
-- 政策依据: 北委发〔2019〕5号 三(一)1 “及时纳入符合条件但遗漏在外的贫困人口”；国务院扶贫办精准识别标准。
-- Severity: 橙
-- Owner: 乡镇
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: family（户口簿户，整户没有建档）
-- Scope: family_key = subject
-- Parameters: LINE_NAT_WORK, MED_SELF_ALL, EDU_AGE_MIN, EDU_AGE_MAX, SCHOOL_PROOF_DAYS, NEWBORN_DAYS, PENSION_JOIN_AGE, PENSION_AGE
-- Feeds: household_registration, registry_person, employment, pension_payment, subsistence_allowance, special_hardship, card_payment,
--   disability, business_registration, housing_assessment|education_enrollment|health_insurance|health_settlement
-- Undone by: registry_person, health_insurance, education_enrollment, education_case, housing_assessment, housing_renovation, employment
-- Inputs: core.family_strain, core.family_income, ref.parameter, ref.run.
-- Limits: 只判有缺项的户（C、D 级现住房，适龄儿童失学（同 G01），有人未参保，近十二个月大额医疗），没有缺项的户不在其中。部门看得到的收入只是下限：
--   有劳动年龄成员的收入看不到的户，收入再低也无法判定。户口簿上有人建档的，可能是分户，无法判定。经营收入、实物收入看不到。
-- Tie-breaks: none; core.family_income has one row per family.
WITH parameter AS (
  SELECT max(CASE WHEN parameter.code = 'LINE_NAT_WORK' THEN parameter.value END) AS national_line
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
)
SELECT
  family.family_key AS subject,
  family.head_person_key AS person_key,
  CAST(NULL AS VARCHAR) AS household_id,
  family.village_code,
  CASE
    WHEN family.visible_income_per_head_yuan >= parameter.national_line THEN '未命中'
    WHEN family.unseen_count > 0 OR family.has_registered_kin THEN '无法判定'
    ELSE '命中'
  END AS verdict,
  concat_ws(
    '、',
    '部门可见收入低于扶贫标准',
    CASE WHEN strain.unsafe_house_grade IS NOT NULL THEN strain.unsafe_house_grade || '级住房' END,
    CASE WHEN strain.out_of_school_count > 0 THEN '适龄儿童不在读' END,
    CASE WHEN strain.uninsured_count > 0 THEN '未参加基本医疗保险' END,
    CASE WHEN strain.illness_count > 0 THEN '大额医疗支出' END
  ) AS clue_reason,
  family.visible_income_per_head_yuan,
  family.living_count,
  family.unseen_count,
  strain.unsafe_house_grade,
  strain.out_of_school_count,
  strain.uninsured_count,
  strain.medical_paid_yuan,
  parameter.national_line
FROM core.family_strain AS strain
INNER JOIN core.family_income AS family ON family.family_key = strain.family_key
CROSS JOIN parameter
WHERE
  NOT family.is_registered
  AND (strain.unsafe_house_grade IS NOT NULL OR strain.out_of_school_count > 0 OR strain.uninsured_count > 0 OR strain.illness_count > 0)
