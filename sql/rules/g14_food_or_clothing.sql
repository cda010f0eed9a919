-- G14 不愁吃、不愁穿缺项
-- 入户核查中吃、穿有一项为否，或者核查了而没有填的户。
-- 政策依据: 北委发〔2019〕5号 三(一)3 “两不愁、三保障”；国家脱贫攻坚普查公报（不愁吃、不愁穿）。
-- Severity: 红
-- Owner: 乡镇
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: household（建档立卡共同生活户）
-- Scope: household_id = subject
-- Parameters: SURVEY_MONTHS
-- Feeds: household_survey, registry_household
-- Undone by: household_survey
-- Inputs: core.registry_household_now, core.survey.
-- Limits: 从来没有核查、或核查已过有效期的无法判定，不是缺项。只看最近一次核查。
-- Tie-breaks: none.
SELECT
  household.household_id AS subject,
  household.person_key,
  household.household_id,
  household.village_code,
  CASE
    WHEN survey.is_fresh IS NULL OR NOT survey.is_fresh THEN '无法判定'
    WHEN survey.is_food_secure AND survey.is_clothing_secure THEN '未命中'
    ELSE '命中'
  END AS verdict,
  household.poverty_status_code,
  survey.survey_date,
  survey.is_food_secure,
  survey.is_clothing_secure
FROM core.registry_household_now AS household
LEFT JOIN core.survey AS survey ON survey.household_id = household.household_id
