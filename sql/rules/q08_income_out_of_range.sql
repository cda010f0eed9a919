-- Q08 人均纯收入异常
-- 建档立卡户登记的人均纯收入低得或高得不像真的，多半是填错、漏填或单位不对。
-- 政策依据: 北委发〔2019〕5号 三(一)2 “规范信息采集、整理、反馈和发布工作”；建档立卡数据质量核查项（不高于 500 元、高于 3 万元，未脱贫户高于 2 万元）。
-- Severity: 黄
-- Owner: 乡镇
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: household（建档立卡共同生活户）
-- Scope: household_id = subject
-- Parameters: INCOME_LOW, INCOME_HIGH, INCOME_HIGH_POOR
-- Feeds: registry_household
-- Inputs: core.registry_household_now, ref.poverty_status, ref.parameter, ref.run.
-- Limits: 只看登记的数，不说明真实收入。恰好 500 元命中，恰好 3 万元、2 万元不命中。未脱贫含预脱贫、返贫。收入为空的无法判定。
-- Tie-breaks: none; one row per household.
WITH parameter AS (
  SELECT
    max(CASE WHEN parameter.code = 'INCOME_LOW' THEN parameter.value END) AS income_low,
    max(CASE WHEN parameter.code = 'INCOME_HIGH' THEN parameter.value END) AS income_high,
    max(CASE WHEN parameter.code = 'INCOME_HIGH_POOR' THEN parameter.value END) AS income_high_poor
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
judged AS (
  SELECT
    household.household_id, household.person_key, household.village_code, household.net_income_per_head_yuan, household.poverty_status_code,
    CASE
      WHEN household.net_income_per_head_yuan <= parameter.income_low THEN '低于合理范围'
      WHEN household.net_income_per_head_yuan > parameter.income_high THEN '高于合理范围'
      WHEN poverty_status.is_poor AND household.net_income_per_head_yuan > parameter.income_high_poor THEN '未脱贫而收入很高'
    END AS clue_reason
  FROM core.registry_household_now AS household
  CROSS JOIN parameter
  LEFT JOIN ref.poverty_status AS poverty_status ON poverty_status.poverty_status_code = household.poverty_status_code
)
SELECT
  household_id AS subject,
  person_key,
  household_id,
  village_code,
  CASE
    WHEN net_income_per_head_yuan IS NULL THEN '无法判定'
    WHEN clue_reason IS NOT NULL THEN '命中'
    ELSE '未命中'
  END AS verdict,
  clue_reason,
  net_income_per_head_yuan,
  poverty_status_code
FROM judged
