-- R02 边缘易致贫户
-- 没有建档的农村户，部门能看到的人均收入低于监测线，又有大病、失业、受灾、贷款逾期任一风险的。
-- 政策依据: 国开发〔2020〕6号、中农组发〔2021〕7号 边缘易致贫户；北委发〔2019〕5号 三(一)1。
-- Severity: 橙
-- Owner: 乡镇
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: family（户口簿户，整户没有建档）
-- Scope: family_key = subject
-- Parameters: MON_LINE, MED_SELF_ALL, IDLE_MONTHS, PENSION_JOIN_AGE, PENSION_AGE
-- Feeds: household_registration, registry_person, employment, pension_payment, subsistence_allowance, special_hardship, card_payment,
--   disability, business_registration
-- May use: monitored_household
-- Undone by: monitored_household, registry_person, employment
-- Inputs: core.family_strain, core.family_income, core.monitored_household_now, core.member, ref.feed_state, ref.parameter, ref.run.
-- Limits: 只判有风险的户。部门看得到的收入只是下限：有劳动年龄成员的收入看不到的户无法判定。恰好等于监测线不命中。户口簿上有人建档的可能是
--   分户，无法判定。医疗、受灾、贷款数据未到时只凭其余风险判定。已经是监测对象的照样命中，is_monitored 写明。
-- Tie-breaks: none; core.family_income has one row per family.
WITH parameter AS (
  SELECT max(CASE WHEN parameter.code = 'MON_LINE' THEN parameter.value END) AS monitor_line
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
feed AS (
  SELECT coalesce(bool_or(feed = 'monitored_household'), FALSE) AS has_monitored
  FROM ref.feed_state
  WHERE is_present AND NOT is_stale
),
monitored AS (
  SELECT member.family_key, count(*) AS times
  FROM core.monitored_household_now AS monitored
  INNER JOIN core.member AS member ON member.person_key = monitored.person_key
  WHERE NOT monitored.is_risk_cleared
  GROUP BY member.family_key
)
SELECT
  family.family_key AS subject,
  family.head_person_key AS person_key,
  CAST(NULL AS VARCHAR) AS household_id,
  family.village_code,
  CASE
    WHEN family.visible_income_per_head_yuan >= parameter.monitor_line THEN '未命中'
    WHEN family.unseen_count > 0 OR family.has_registered_kin THEN '无法判定'
    ELSE '命中'
  END AS verdict,
  concat_ws(
    '、',
    CASE WHEN strain.illness_count > 0 THEN '大额医疗支出' END,
    CASE WHEN strain.lost_work_count > 0 THEN '失去工作' END,
    CASE WHEN strain.disaster_loss_yuan > 0 THEN '受灾' END,
    CASE WHEN strain.overdue_yuan > 0 THEN '贷款逾期' END
  ) AS clue_reason,
  family.visible_income_per_head_yuan,
  family.living_count,
  family.unseen_count,
  parameter.monitor_line,
  strain.illness_count,
  strain.lost_work_count,
  strain.disaster_loss_yuan,
  strain.overdue_yuan,
  CASE WHEN feed.has_monitored THEN monitored.family_key IS NOT NULL END AS is_monitored
FROM core.family_strain AS strain
INNER JOIN core.family_income AS family ON family.family_key = strain.family_key
CROSS JOIN parameter
CROSS JOIN feed
LEFT JOIN monitored ON monitored.family_key = strain.family_key
WHERE
  NOT family.is_registered
  AND (strain.illness_count > 0 OR strain.lost_work_count > 0 OR strain.disaster_loss_yuan > 0 OR strain.overdue_yuan > 0)
