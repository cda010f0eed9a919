-- G15 退出依据不足
-- 已经脱贫的户，收入低于退出年度的国家标准，或者任何一项法定退出指标不达标、没有数据的。
-- 政策依据: 北委发〔2019〕5号 三(一)3 “贫困户脱贫确保实现两不愁、三保障目标”；建档立卡数据核查项（脱贫户人均纯收入低于标准）。
-- Severity: 红
-- Owner: 乡镇
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: household（建档立卡共同生活户）
-- Scope: household_id = subject
-- Parameters: none
-- Feeds: registry_household, registry_person, household_registration, education_enrollment, education_case, health_insurance, housing_assessment,
--   housing_renovation, household_survey
-- Undone by: registry_household, registry_person, household_survey, health_insurance, housing_assessment, housing_renovation,
--   education_enrollment, education_case
-- Inputs: mart.household_exit_check.
-- Limits: 各项怎样判断见 mart.household_exit_check，只看法定指标。任一数据源未到或过期时全部无法判定：那是平台没有数据，不是这一户没有依据。收入为最近一次登记的人均纯收入，
--   标准为退出年度的国家标准；退出年度的标准没有录入、没有登记退出年度的见 exit_basis。
-- Tie-breaks: none.
SELECT
  household.household_id AS subject,
  head.person_key,
  household.household_id,
  household.village_code,
  CASE household.exit_verdict WHEN '达标' THEN '未命中' WHEN '参数缺失' THEN '参数缺失' ELSE '命中' END AS verdict,
  household.exit_year,
  household.net_income_per_head_yuan,
  household.income_line_yuan,
  household.failed_count,
  household.missing_count,
  household.exit_basis
FROM mart.household_exit_check AS household
INNER JOIN core.registry_household_now AS head ON head.household_id = household.household_id
WHERE household.poverty_status_code IN ('1', '4')
