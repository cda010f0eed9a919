-- R03 突发严重困难户
-- 农村户遇到大病、受灾、失业或因学重负，扣除刚性支出后的人均收入低于国家扶贫标准，或者比上年减少一半以上的。
-- 政策依据: 中农组发〔2021〕7号 突发严重困难户：因病因灾因意外事故等刚性支出较大或收入大幅缩减，基本生活出现严重困难。
-- Severity: 红
-- Owner: 乡镇
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: family（建档户为共同生活户，其他人为户口簿户；仍贫困的户除外）
-- Scope: family_key = subject
-- Parameters: LINE_NAT_WORK, SUDDEN_DROP, MED_SELF_REG, MED_SELF_ALL, EDU_SELF, IDLE_MONTHS, PENSION_JOIN_AGE, PENSION_AGE
-- Feeds: registry_household, registry_person, household_registration, employment, pension_payment, subsistence_allowance, special_hardship,
--   card_payment, disability, business_registration, health_settlement|disaster_loss|education_expense
-- May use: monitored_household
-- Undone by: monitored_household, registry_household, employment
-- Inputs: core.family_strain, core.family_income, core.registry_household, core.health_settlement_now, core.member, core.monitored_household_now,
--   ref.feed_state, ref.parameter, ref.run.
-- Limits: 刚性支出 = 近十二个月医疗个人负担 + 本学年就学自付 + 灾害损失减理赔和救灾补助；没有突发情况的户（大病、因学过重、受灾、失业）不判，零星门诊
--   不会命中。建档户收入为登记的人均纯收入减失业少了的工资；其他户为部门可见收入，有劳动年龄成员收入看不到的，扣除后仍不低于标准的不命中，否则
--   无法判定。上年收入是一年以前有效的登记，扣除再前十二个月的医疗负担；没有上年登记，或医疗结算没有覆盖再前十二个月的，减少一半这一条不判，
--   结论只能是命中或无法判定。未脱贫、返贫户已在册，不在其中。收入为负不设下限。
-- Tie-breaks: 一年以前的登记取有效期包含那一天的一行，history has one per household and day.
WITH parameter AS (
  SELECT
    max(CASE WHEN parameter.code = 'LINE_NAT_WORK' THEN parameter.value END) AS national_line,
    max(CASE WHEN parameter.code = 'SUDDEN_DROP' THEN parameter.value END) AS drop_limit
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
),
struck AS (
  SELECT
    family.*,
    strain.illness_count, strain.costly_student_count, strain.lost_work_count,
    strain.medical_paid_yuan, strain.study_paid_yuan, strain.disaster_loss_yuan,
    CASE WHEN family.is_registered THEN family.watched_income_per_head_yuan ELSE family.visible_income_per_head_yuan END AS income_per_head_yuan,
    CAST((strain.medical_paid_yuan + strain.study_paid_yuan + strain.disaster_loss_yuan) / family.head_count AS DECIMAL(18, 2)) AS rigid_per_head_yuan
  FROM core.family_strain AS strain
  INNER JOIN core.family_income AS family ON family.family_key = strain.family_key
  WHERE
    coalesce(family.poverty_status_code, '1') IN ('1', '4')
    AND (strain.illness_count > 0 OR strain.costly_student_count > 0 OR strain.disaster_loss_yuan > 0 OR strain.lost_work_count > 0)
),
-- Does the history of bills reach back two years?
covered AS (
  SELECT coalesce(min(settled_date) <= min(run.as_of) - INTERVAL 23 MONTH, FALSE) AS is_covered
  FROM core.health_settlement_now
  CROSS JOIN ref.run
),
prior_bill AS (
  SELECT member.family_key, sum(coalesce(bill.self_paid_yuan, 0) + coalesce(bill.own_expense_yuan, 0)) AS paid_yuan
  FROM struck
  INNER JOIN core.member AS member ON member.family_key = struck.family_key
  INNER JOIN core.health_settlement_now AS bill ON bill.person_key = member.person_key
  CROSS JOIN ref.run
  WHERE
    struck.is_registered AND bill.settled_date > run.as_of - INTERVAL 2 YEAR AND bill.settled_date <= run.as_of - INTERVAL 1 YEAR
  GROUP BY member.family_key
),
prior_income AS (
  SELECT household.household_id, max(household.net_income_per_head_yuan) AS per_head_yuan, max(household.member_count) AS member_count
  FROM core.registry_household AS household
  CROSS JOIN ref.run
  WHERE
    household.recorded_to = TIMESTAMP '9999-12-31 00:00:00'
    AND household.valid_from <= run.as_of - INTERVAL 1 YEAR AND household.valid_to > run.as_of - INTERVAL 1 YEAR
  GROUP BY household.household_id
),
compared AS (
  SELECT
    struck.*,
    CAST(struck.income_per_head_yuan - struck.rigid_per_head_yuan AS DECIMAL(18, 2)) AS remaining_per_head_yuan,
    CASE
      WHEN covered.is_covered
        THEN CAST(prior_income.per_head_yuan - coalesce(prior_bill.paid_yuan, 0) / prior_income.member_count AS DECIMAL(18, 2))
    END AS prior_remaining_per_head_yuan
  FROM struck
  CROSS JOIN covered
  LEFT JOIN prior_bill ON prior_bill.family_key = struck.family_key
  LEFT JOIN prior_income ON prior_income.household_id = struck.household_id
)
SELECT
  compared.family_key AS subject,
  compared.head_person_key AS person_key,
  compared.household_id,
  compared.village_code,
  CASE
    WHEN compared.income_per_head_yuan IS NULL THEN '无法判定'
    WHEN
      compared.remaining_per_head_yuan < parameter.national_line
      AND (compared.is_registered OR (compared.unseen_count = 0 AND NOT compared.has_registered_kin)) THEN '命中'
    WHEN
      compared.prior_remaining_per_head_yuan > 0
      AND compared.remaining_per_head_yuan <= (1 - parameter.drop_limit) * compared.prior_remaining_per_head_yuan THEN '命中'
    WHEN compared.is_registered AND compared.prior_remaining_per_head_yuan IS NULL THEN '无法判定'
    WHEN NOT compared.is_registered AND compared.remaining_per_head_yuan < parameter.national_line THEN '无法判定'
    ELSE '未命中'
  END AS verdict,
  concat_ws(
    '、',
    CASE WHEN compared.illness_count > 0 THEN '大额医疗支出' END,
    CASE WHEN compared.costly_student_count > 0 THEN '就学支出过重' END,
    CASE WHEN compared.disaster_loss_yuan > 0 THEN '受灾' END,
    CASE WHEN compared.lost_work_count > 0 THEN '失去工作' END
  ) AS clue_reason,
  compared.income_per_head_yuan,
  compared.rigid_per_head_yuan,
  compared.remaining_per_head_yuan,
  compared.prior_remaining_per_head_yuan,
  compared.medical_paid_yuan,
  compared.study_paid_yuan,
  compared.disaster_loss_yuan,
  compared.unseen_count,
  parameter.national_line,
  CASE WHEN feed.has_monitored THEN monitored.family_key IS NOT NULL END AS is_monitored
FROM compared
CROSS JOIN parameter
CROSS JOIN feed
LEFT JOIN monitored ON monitored.family_key = compared.family_key
