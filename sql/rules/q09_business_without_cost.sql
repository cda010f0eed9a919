-- Q09 有经营收入无经营支出
-- 建档立卡户登记了生产经营性收入，生产经营性支出却是零，纯收入被高估。
-- 政策依据: 北委发〔2019〕5号 三(一)2 “规范信息采集、整理、反馈和发布工作”；建档立卡数据质量核查项（有经营收入无经营支出）。
-- Severity: 蓝
-- Owner: 乡镇
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: household（建档立卡共同生活户）
-- Scope: household_id = subject
-- Parameters: none
-- Feeds: registry_household
-- Inputs: core.registry_household_now.
-- Limits: 支出写了一分也算有支出。收入或支出为空的无法判定：没有填不等于零；没有经营收入的不命中。
-- Tie-breaks: none; one row per household.
SELECT
  household.household_id AS subject,
  household.person_key,
  household.household_id,
  household.village_code,
  CASE
    WHEN household.business_income_yuan <= 0 THEN '未命中'
    WHEN household.business_income_yuan IS NULL OR household.business_cost_yuan IS NULL THEN '无法判定'
    WHEN household.business_cost_yuan = 0 THEN '命中'
    ELSE '未命中'
  END AS verdict,
  household.business_income_yuan AS listed_business_income_yuan,
  household.business_cost_yuan AS listed_business_cost_yuan
FROM core.registry_household_now AS household
