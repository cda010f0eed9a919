-- G10 住D级危房
-- 建档立卡户现住房最近一次鉴定为 D 级、有人居住，鉴定以后没有完成改造，也没有别的安全住房的。
-- 政策依据: 北委发〔2019〕5号 二(一)4 “D级危房翻建、无房新建…逐户解决”。
-- Severity: 红
-- Owner: zhujian
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: household（建档立卡共同生活户）
-- Scope: household_id = subject
-- Parameters: none
-- Feeds: housing_assessment, housing_renovation, registry_household, registry_person
-- Undone by: housing_assessment, housing_renovation
-- Inputs: core.registry_household_now, core.house.
-- Limits: 鉴定当日竣工的算鉴定以后。空置、出租的 D 级房不算住。没有鉴定报告而登记为 D 级的无法判定，须先鉴定；没有报告也没有登记 D 级的户不判断。怎样归户见 core.house。
-- Tie-breaks: none.
SELECT
  household.household_id AS subject,
  household.person_key,
  household.household_id,
  household.village_code,
  CASE
    WHEN house.report_no IS NULL THEN '无法判定'
    WHEN house.grade_code = 'D' AND house.is_lived_in AND NOT house.is_rebuilt_since AND NOT house.is_rehoused_since
      AND house.other_safe_count = 0 THEN '命中'
    ELSE '未命中'
  END AS verdict,
  house.grade_code AS house_grade_code,
  house.assessed_date AS house_assessed_date,
  house.is_lived_in AS is_house_lived_in,
  house.arrangement AS house_arrangement,
  household.house_grade_code AS registered_house_grade_code
FROM core.registry_household_now AS household
LEFT JOIN core.house AS house ON house.family_key = 'R' || household.household_id
WHERE house.report_no IS NOT NULL OR household.house_grade_code = 'D'
