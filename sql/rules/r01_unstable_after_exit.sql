-- R01 脱贫不稳定户
-- 已脱贫户近十二个月人均纯收入低于监测线，又有大病、失业、受灾、贷款逾期任一风险的。
-- 政策依据: 国开发〔2020〕6号、中农组发〔2021〕7号 脱贫不稳定户；北委发〔2019〕5号 三(一)3 返贫监测。
-- Severity: 橙
-- Owner: 乡镇
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: household（建档立卡共同生活户，已脱贫）
-- Scope: household_id = subject
-- Parameters: MON_LINE, MED_SELF_REG, IDLE_MONTHS
-- Feeds: registry_household, registry_person, health_settlement|employment|disaster_loss|bank_loan
-- May use: monitored_household
-- Undone by: monitored_household
-- Inputs: core.registry_household_now, core.family_income, core.family_strain, core.monitored_household_now, ref.feed_state, ref.parameter, ref.run.
-- Limits: 近十二个月收入以登记的人均纯收入为准，有成员失去工作的减去工资比登记少了的部分 (core.family_income)；部门可见收入只作参考。恰好等于监测线不命中。
--   低于监测线而没有看到风险，但四个风险数据源有未到或过期的，无法判定。已经是监测对象的照样命中，is_monitored 写明。
-- Tie-breaks: none; core.family_income has one row per household.
WITH parameter AS (
  SELECT max(CASE WHEN parameter.code = 'MON_LINE' THEN parameter.value END) AS monitor_line
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
feed AS (
  SELECT
    count(*) FILTER (WHERE feed IN ('health_settlement', 'employment', 'disaster_loss', 'bank_loan')) = 4 AS has_every_risk,
    coalesce(bool_or(feed = 'monitored_household'), FALSE) AS has_monitored
  FROM ref.feed_state
  WHERE is_present AND NOT is_stale
),
monitored AS (
  SELECT household_id, count(*) AS times
  FROM core.monitored_household_now
  WHERE NOT is_risk_cleared
  GROUP BY household_id
),
judged AS (
  SELECT
    household.household_id,
    household.person_key,
    household.village_code,
    household.net_income_per_head_yuan,
    coalesce(family.watched_income_per_head_yuan, household.net_income_per_head_yuan) AS watched_income_per_head_yuan,
    family.visible_income_per_head_yuan,
    parameter.monitor_line,
    feed.has_every_risk,
    coalesce(strain.illness_count, 0) AS illness_count,
    coalesce(strain.lost_work_count, 0) AS lost_work_count,
    coalesce(strain.disaster_loss_yuan, 0) AS disaster_loss_yuan,
    coalesce(strain.overdue_yuan, 0) AS overdue_yuan,
    CASE WHEN feed.has_monitored THEN monitored.household_id IS NOT NULL END AS is_monitored
  FROM core.registry_household_now AS household
  CROSS JOIN parameter
  CROSS JOIN feed
  LEFT JOIN core.family_income AS family ON family.family_key = 'R' || household.household_id
  LEFT JOIN core.family_strain AS strain ON strain.family_key = 'R' || household.household_id
  LEFT JOIN monitored ON monitored.household_id = household.household_id
  WHERE household.poverty_status_code IN ('1', '4')
)
SELECT
  household_id AS subject,
  person_key,
  household_id,
  village_code,
  CASE
    WHEN watched_income_per_head_yuan IS NULL THEN '无法判定'
    WHEN watched_income_per_head_yuan >= monitor_line THEN '未命中'
    WHEN illness_count > 0 OR lost_work_count > 0 OR disaster_loss_yuan > 0 OR overdue_yuan > 0 THEN '命中'
    WHEN NOT has_every_risk THEN '无法判定'
    ELSE '未命中'
  END AS verdict,
  concat_ws(
    '、',
    CASE WHEN illness_count > 0 THEN '大额医疗支出' END,
    CASE WHEN lost_work_count > 0 THEN '失去工作' END,
    CASE WHEN disaster_loss_yuan > 0 THEN '受灾' END,
    CASE WHEN overdue_yuan > 0 THEN '贷款逾期' END
  ) AS clue_reason,
  watched_income_per_head_yuan,
  net_income_per_head_yuan,
  visible_income_per_head_yuan,
  monitor_line,
  illness_count,
  lost_work_count,
  disaster_loss_yuan,
  overdue_yuan,
  is_monitored
FROM judged
