-- P06 重度残疾人护理补贴漏发、错发
-- 持有效证的一二级残疾人没有领到护理补贴，或者三四级残疾人领了护理补贴的。
-- 政策依据: 国发〔2015〕52号 残疾人两项补贴；北委发〔2019〕5号 二(三)。
-- Severity: 橙
-- Owner: minzheng
-- Version: 1，2016-01-01 至 9999-12-31
-- Subject: person（持有效残疾人证、在世、不是特困的人）
-- Scope: person_key
-- Parameters: NURSING_GRADE_MAX
-- Feeds: disability, special_hardship
-- Undone by: disability
-- Inputs: core.safety_net_person, ref.parameter, ref.run.
-- Limits: 本地扩面到三级的，参数 NURSING_GRADE_MAX 记 3，三级领取即不算错发，也不算漏发。需要长期照护的认定看不到，一二级都按应发。
--   残联全表没有一行填护理补贴的无法判定。特困人员两项都不应发，不判。
-- Tie-breaks: none.
WITH parameter AS (
  SELECT max(CASE WHEN parameter.code = 'NURSING_GRADE_MAX' THEN parameter.value END) AS grade_max
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
)
SELECT
  CAST(person.person_key AS VARCHAR) AS subject,
  person.person_key,
  person.household_id,
  person.village_code,
  CASE
    WHEN person.nursing_subsidy_yuan IS NULL THEN '无法判定'
    WHEN person.is_nursing_due AND person.nursing_subsidy_yuan <= 0 THEN '命中'
    WHEN CAST(person.disability_grade_code AS INTEGER) > parameter.grade_max AND person.nursing_subsidy_yuan > 0 THEN '命中'
    ELSE '未命中'
  END AS verdict,
  CASE WHEN person.is_nursing_due THEN '一二级残疾人没有领到护理补贴' ELSE '三四级残疾人领了护理补贴' END AS clue_reason,
  person.disability_category_code,
  person.disability_grade_code,
  person.nursing_subsidy_yuan
FROM core.safety_net_person AS person
CROSS JOIN parameter
WHERE person.is_certified AND NOT person.is_hardship AND NOT person.is_dead
