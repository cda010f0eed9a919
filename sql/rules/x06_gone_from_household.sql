-- X06 空挂、服刑、失联、迁出
-- 建档立卡人口户籍已迁出或注销，正在服刑，或者多年在任何部门的数据里没有踪迹的。
-- 政策依据: 建档立卡错评剔除“十原则”；北委发〔2019〕5号 三(一)1 精准识别、动态管理（人口增减）。
-- Severity: 黄
-- Owner: 乡镇
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: person（建档立卡人口）
-- Scope: person_key
-- Parameters: TRACE_MONTHS, TRACE_AGE
-- Feeds: registry_person, household_registration
-- May use: card_payment, custody, disability_service, education_enrollment, employment, health_insurance, health_settlement, pension_payment, social_insurance, special_hardship, subsistence_allowance
-- Undone by: household_registration, card_payment, custody, disability_service, education_enrollment, employment, health_insurance,
--   health_settlement, pension_payment, social_insurance, special_hardship, subsistence_allowance
-- Inputs: core.member, core.deceased, core.household_registration_now, core.custody_now, core.health_insurance_now, core.social_insurance_now,
--   core.education_enrollment_now, core.health_settlement_now, core.employment_now, core.card_payment_now, core.pension_payment_now,
--   core.subsistence_allowance_now, core.special_hardship_now, core.disability_service_now, ref.parameter, ref.feed_state, ref.run.
-- Limits: 已死亡的由 X05 查。户籍在外地的家属不算迁出。没有服刑名单时只查其余情形；社区矫正和强制隔离戒毒不算服刑。失联只查 TRACE_AGE 周岁以上的，
--   以医保、养老、学籍、就诊、就业、一卡通、养老金、低保、特困、残疾人服务十处数据在 TRACE_MONTHS 个月以内有没有记录为准；十处有一处未到或过期，
--   没有踪迹的人即无法判定。学籍、低保、特困为现有名单；参保按年度，截止月所在年度的算。
-- Tie-breaks: 几种情形同时有的，依次取迁出、注销、服刑、失联。
WITH parameter AS (
  SELECT
    max(CASE WHEN parameter.code = 'TRACE_MONTHS' THEN parameter.value END) AS trace_months,
    max(CASE WHEN parameter.code = 'TRACE_AGE' THEN parameter.value END) AS trace_age
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
since AS (
  SELECT
    run.as_of,
    parameter.trace_age,
    CAST(run.as_of - INTERVAL 1 MONTH * CAST(parameter.trace_months AS INTEGER) AS DATE) AS trace_date,
    extract(YEAR FROM run.as_of - INTERVAL 1 MONTH * CAST(parameter.trace_months AS INTEGER)) AS trace_year
  FROM ref.run
  CROSS JOIN parameter
),
ready AS (
  SELECT count(*) = 10 AS is_complete
  FROM ref.feed_state
  WHERE
    is_present AND NOT is_stale
    AND feed IN (
      'health_insurance', 'social_insurance', 'education_enrollment', 'health_settlement', 'employment', 'card_payment', 'pension_payment',
      'subsistence_allowance', 'special_hardship', 'disability_service'
    )
),
listed AS (
  SELECT member.person_key, member.household_id, member.village_code, member.age
  FROM core.member AS member
  LEFT JOIN core.deceased AS deceased ON deceased.person_key = member.person_key
  WHERE member.is_registered AND deceased.person_key IS NULL
),
moved AS (
  SELECT person_key, max(change_code) AS change_code, max(change_date) AS change_date
  FROM core.household_registration_now
  WHERE change_code IN ('4', '5') AND person_key IS NOT NULL
  GROUP BY person_key
),
jailed AS (
  SELECT custody.person_key, max(custody.custody_end_date) AS custody_end_date
  FROM core.custody_now AS custody
  CROSS JOIN since
  WHERE
    custody.custody_code IN ('1', '2') AND custody.custody_start_date <= since.as_of
    AND (custody.custody_end_date IS NULL OR custody.custody_end_date > since.as_of)
  GROUP BY custody.person_key
),
-- Nearly everybody is insured: the other lists are asked only about the few who are not.
uninsured AS (
  SELECT listed.person_key
  FROM listed
  CROSS JOIN since
  WHERE
    listed.age >= since.trace_age
    AND NOT EXISTS (
      SELECT 1 FROM core.health_insurance_now AS insurance
      WHERE insurance.person_key = listed.person_key AND insurance.year >= since.trace_year
    )
),
seen AS (
  SELECT record.person_key
  FROM core.social_insurance_now AS record
  INNER JOIN uninsured ON uninsured.person_key = record.person_key
  CROSS JOIN since
  WHERE record.year >= since.trace_year
  UNION
  SELECT record.person_key
  FROM core.education_enrollment_now AS record
  INNER JOIN uninsured ON uninsured.person_key = record.person_key
  WHERE record.status_code = '1'
  UNION
  SELECT record.person_key
  FROM core.health_settlement_now AS record
  INNER JOIN uninsured ON uninsured.person_key = record.person_key
  CROSS JOIN since
  WHERE record.settled_date >= since.trace_date
  UNION
  SELECT record.person_key
  FROM core.employment_now AS record
  INNER JOIN uninsured ON uninsured.person_key = record.person_key
  CROSS JOIN since
  WHERE coalesce(record.end_month, since.as_of) >= since.trace_date
  UNION
  SELECT record.person_key
  FROM core.card_payment_now AS record
  INNER JOIN uninsured ON uninsured.person_key = record.person_key
  CROSS JOIN since
  WHERE record.payout_date >= since.trace_date
  UNION
  SELECT record.person_key
  FROM core.pension_payment_now AS record
  INNER JOIN uninsured ON uninsured.person_key = record.person_key
  CROSS JOIN since
  WHERE record.payout_date >= since.trace_date
  UNION
  SELECT record.person_key
  FROM core.subsistence_allowance_now AS record
  INNER JOIN uninsured ON uninsured.person_key = record.person_key
  UNION
  SELECT record.person_key
  FROM core.special_hardship_now AS record
  INNER JOIN uninsured ON uninsured.person_key = record.person_key
  UNION
  SELECT record.person_key
  FROM core.disability_service_now AS record
  INNER JOIN uninsured ON uninsured.person_key = record.person_key
  CROSS JOIN since
  WHERE record.year >= since.trace_year
),
judged AS (
  SELECT
    listed.person_key,
    listed.household_id,
    listed.village_code,
    CASE
      WHEN moved.change_code = '4' THEN '户籍已迁出'
      WHEN moved.change_code = '5' THEN '户籍已注销'
      WHEN jailed.person_key IS NOT NULL THEN '正在服刑'
      WHEN uninsured.person_key IS NOT NULL AND seen.person_key IS NULL THEN '各部门数据中没有踪迹'
    END AS clue_reason,
    moved.change_date,
    jailed.custody_end_date
  FROM listed
  LEFT JOIN moved ON moved.person_key = listed.person_key
  LEFT JOIN jailed ON jailed.person_key = listed.person_key
  LEFT JOIN uninsured ON uninsured.person_key = listed.person_key
  LEFT JOIN seen ON seen.person_key = listed.person_key
)
SELECT
  CAST(judged.person_key AS VARCHAR) AS subject,
  judged.person_key,
  judged.household_id,
  judged.village_code,
  CASE
    WHEN judged.clue_reason IS NULL THEN '未命中'
    WHEN judged.clue_reason = '各部门数据中没有踪迹' AND NOT ready.is_complete THEN '无法判定'
    ELSE '命中'
  END AS verdict,
  judged.clue_reason,
  judged.change_date,
  judged.custody_end_date
FROM judged
CROSS JOIN ready
