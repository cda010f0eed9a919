-- G12 脱贫户住危房
-- 已经脱贫的户仍登记为危房户的。
-- 政策依据: 北委发〔2019〕5号 三(一)3 “脱贫户实现两不愁、三保障”；建档立卡数据核查项（脱贫户为危房户）。
-- Severity: 红
-- Owner: 乡镇
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: household（建档立卡共同生活户）
-- Scope: household_id = subject
-- Parameters: none
-- Feeds: registry_household
-- Undone by: registry_household, housing_assessment, housing_renovation
-- Inputs: core.registry_household_now, core.house.
-- Limits: 只看建档立卡登记的“是否危房户”，没有填的无法判定。鉴定等级只作对照：已改造而登记没有改的也命中，核查后应更正登记。
-- Tie-breaks: none.
SELECT
  household.household_id AS subject,
  household.person_key,
  household.household_id,
  household.village_code,
  CASE
    WHEN household.is_house_dilapidated THEN '命中'
    WHEN household.is_house_dilapidated IS NULL THEN '无法判定'
    ELSE '未命中'
  END AS verdict,
  household.poverty_status_code,
  household.exit_year,
  household.house_grade_code AS registered_house_grade_code,
  house.grade_code AS house_grade_code,
  house.arrangement AS house_arrangement
FROM core.registry_household_now AS household
LEFT JOIN core.house AS house ON house.family_key = 'R' || household.household_id
WHERE household.poverty_status_code IN ('1', '4')
