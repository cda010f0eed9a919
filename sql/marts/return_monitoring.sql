-- mart.return_monitoring
-- 返贫监测：每个监测对象户在监测期间的每一个月，类型、收入、刚性支出、风险、措施，是新纳入、在测还是消除了风险。
-- Grain: one row per monitored household, time of being taken in (monitored_date) and month; 近二十四个月，从识别当月到消除当月（未消除的到运行月）。
-- Scope: household_id
-- 政策依据: 国开发〔2020〕6号、中农组发〔2021〕7号 建立防止返贫监测和帮扶机制；北委发〔2019〕5号 三(一)3。
-- Inputs: core.monitored_household, core.monitored_household_now, core.member, core.health_settlement_now, core.disaster_loss_now,
--   core.study_cost, core.aid_measure_now, ref.workday, ref.feed_state, ref.run.
-- Limits: 收入（人均纯收入，近十二个月）为监测台账在当月月末（运行月为运行日）所载，那时台账还没有报来的为空。医疗、灾害为截至当月月末的近十二个月；就学自付为
--   运行日所在学年的，只列在运行月。对应数据源未到或过期的为空，rigid_expense_yuan 只加看得到的，全都看不到的为空。监测数据未到或过期时本表为空表。
--   边缘户以户主所在户口簿户的成员计医疗。is_in_stock = 月末在测；当月识别当月消除的两个都是真，月末不在测。
-- Tie-breaks: 台账同一天只有一行 (history has one row per key and day)。
WITH feed AS (
  SELECT
    coalesce(bool_or(feed = 'monitored_household'), FALSE) AS has_monitored,
    coalesce(bool_or(feed = 'health_settlement'), FALSE) AS has_medical,
    coalesce(bool_or(feed = 'disaster_loss'), FALSE) AS has_disaster,
    coalesce(bool_or(feed = 'education_expense'), FALSE) AND coalesce(bool_or(feed = 'education_aid'), FALSE) AS has_study,
    coalesce(bool_or(feed = 'aid_measure'), FALSE) AS has_measure
  FROM ref.feed_state
  WHERE is_present AND NOT is_stale
),
month AS (
  SELECT
    workday.day AS monitor_month,
    least(last_day(workday.day), run.as_of) AS month_end,
    workday.day = CAST(date_trunc('month', run.as_of) AS DATE) AS is_run_month
  FROM ref.workday AS workday
  CROSS JOIN ref.run
  WHERE
    extract(DAY FROM workday.day) = 1
    AND workday.day > date_trunc('month', run.as_of) - INTERVAL 24 MONTH AND workday.day <= run.as_of
),
monitored AS (
  SELECT
    watched.*,
    CAST(date_trunc('month', watched.monitored_date) AS DATE) AS first_month,
    CASE WHEN watched.is_risk_cleared THEN CAST(date_trunc('month', watched.cleared_date) AS DATE) END AS last_month,
    coalesce(member.family_key, 'R' || watched.household_id) AS family_key
  FROM core.monitored_household_now AS watched
  CROSS JOIN feed
  LEFT JOIN core.member AS member ON member.person_key = watched.person_key
  WHERE feed.has_monitored
),
monthly AS (
  SELECT
    monitored.household_id, monitored.monitored_date, monitored.family_key, month.monitor_month, month.month_end, month.is_run_month,
    monitored.first_month = month.monitor_month AS is_taken_in,
    coalesce(monitored.last_month = month.monitor_month, FALSE) AS is_cleared
  FROM monitored
  INNER JOIN month ON month.monitor_month >= monitored.first_month
  WHERE monitored.last_month IS NULL OR month.monitor_month <= monitored.last_month
),
-- What the department's list said at the end of the month.
said AS (
  SELECT monthly.household_id, monthly.monitored_date, monthly.monitor_month, max(listed.monitor_income_per_head_yuan) AS monitor_income_per_head_yuan
  FROM monthly
  INNER JOIN core.monitored_household AS listed
    ON listed.household_id = monthly.household_id AND listed.monitored_date = monthly.monitored_date
  WHERE
    listed.recorded_to = TIMESTAMP '9999-12-31 00:00:00'
    AND listed.valid_from <= monthly.month_end AND listed.valid_to > monthly.month_end
  GROUP BY monthly.household_id, monthly.monitored_date, monthly.monitor_month
),
family AS (
  SELECT DISTINCT family_key FROM monthly
),
people AS (
  SELECT member.person_key, member.family_key
  FROM core.member AS member
  INNER JOIN family ON family.family_key = member.family_key
),
bill AS (
  SELECT people.family_key, bill.settled_date, sum(coalesce(bill.self_paid_yuan, 0) + coalesce(bill.own_expense_yuan, 0)) AS paid_yuan
  FROM people
  INNER JOIN core.health_settlement_now AS bill ON bill.person_key = people.person_key
  GROUP BY people.family_key, bill.settled_date
),
medical AS (
  SELECT family.family_key, month.monitor_month, sum(bill.paid_yuan) AS medical_paid_yuan
  FROM family
  INNER JOIN bill ON bill.family_key = family.family_key
  CROSS JOIN month
  WHERE bill.settled_date > month.month_end - INTERVAL 1 YEAR AND bill.settled_date <= month.month_end
  GROUP BY family.family_key, month.monitor_month
),
disaster AS (
  SELECT
    people.family_key,
    month.monitor_month,
    sum(greatest(loss.loss_yuan - coalesce(loss.claim_yuan, 0) - coalesce(loss.disaster_relief_yuan, 0), 0)) AS disaster_loss_yuan
  FROM people
  INNER JOIN core.disaster_loss_now AS loss ON loss.person_key = people.person_key
  CROSS JOIN month
  WHERE loss.disaster_date > month.month_end - INTERVAL 1 YEAR AND loss.disaster_date <= month.month_end
  GROUP BY people.family_key, month.monitor_month
),
study AS (
  SELECT people.family_key, sum(cost.study_paid_yuan) AS study_paid_yuan
  FROM people
  INNER JOIN core.study_cost AS cost ON cost.person_key = people.person_key
  WHERE cost.stage_code IN ('1', '4', '5', '8')
  GROUP BY people.family_key
),
helped AS (
  SELECT monthly.household_id, monthly.monitored_date, monthly.monitor_month, count(*) AS measure_count
  FROM monthly
  INNER JOIN core.aid_measure_now AS measure ON measure.household_id = monthly.household_id
  WHERE measure.aid_date >= CAST(date_trunc('month', monthly.monitored_date) AS DATE) AND measure.aid_date <= monthly.month_end
  GROUP BY monthly.household_id, monthly.monitored_date, monthly.monitor_month
),
joined AS (
  SELECT
    monitored.*,
    monthly.monitor_month, monthly.is_taken_in, monthly.is_cleared,
    said.monitor_income_per_head_yuan AS said_income_per_head_yuan,
    CASE WHEN feed.has_medical THEN coalesce(medical.medical_paid_yuan, 0) END AS medical_paid_yuan,
    CASE WHEN feed.has_disaster THEN coalesce(disaster.disaster_loss_yuan, 0) END AS disaster_loss_yuan,
    CASE WHEN feed.has_study AND monthly.is_run_month THEN coalesce(study.study_paid_yuan, 0) END AS study_paid_yuan,
    CASE WHEN feed.has_measure THEN coalesce(helped.measure_count, 0) END AS measure_count
  FROM monthly
  INNER JOIN monitored ON monitored.household_id = monthly.household_id AND monitored.monitored_date = monthly.monitored_date
  CROSS JOIN feed
  LEFT JOIN said
    ON said.household_id = monthly.household_id AND said.monitored_date = monthly.monitored_date AND said.monitor_month = monthly.monitor_month
  LEFT JOIN medical ON medical.family_key = monthly.family_key AND medical.monitor_month = monthly.monitor_month
  LEFT JOIN disaster ON disaster.family_key = monthly.family_key AND disaster.monitor_month = monthly.monitor_month
  LEFT JOIN study ON study.family_key = monthly.family_key
  LEFT JOIN helped
    ON helped.household_id = monthly.household_id AND helped.monitored_date = monthly.monitored_date AND helped.monitor_month = monthly.monitor_month
)
SELECT
  household_id,
  monitored_date,
  monitor_month,
  village_code,
  substr(village_code, 1, 9) AS town_code,
  monitored_kind_code,
  member_count,
  is_taken_in,
  NOT is_cleared AS is_in_stock,
  is_cleared,
  CAST(said_income_per_head_yuan AS DECIMAL(18, 2)) AS monitor_income_per_head_yuan,
  income_reference_yuan,
  CAST(medical_paid_yuan AS DECIMAL(18, 2)) AS medical_paid_yuan,
  CAST(study_paid_yuan AS DECIMAL(18, 2)) AS study_paid_yuan,
  CAST(disaster_loss_yuan AS DECIMAL(18, 2)) AS disaster_loss_yuan,
  CASE
    WHEN medical_paid_yuan IS NOT NULL OR study_paid_yuan IS NOT NULL OR disaster_loss_yuan IS NOT NULL
      THEN CAST(coalesce(medical_paid_yuan, 0) + coalesce(study_paid_yuan, 0) + coalesce(disaster_loss_yuan, 0) AS DECIMAL(18, 2))
  END AS rigid_expense_yuan,
  eligible_self_paid_yuan,
  claim_income_yuan,
  risk_1_code,
  risk_2_code,
  risk_3_code,
  risk_4_code,
  risk_5_code,
  measures IS NOT NULL AS has_stated_measure,
  measure_count,
  CASE WHEN is_cleared THEN cleared_way_code END AS cleared_way_code,
  CASE WHEN is_cleared THEN cleared_date END AS cleared_date,
  CASE WHEN is_cleared THEN reviewed_date END AS reviewed_date
FROM joined
