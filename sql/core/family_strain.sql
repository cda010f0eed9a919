-- core.family_strain
-- 户的困难：农村每一户有没有三保障缺项、大额医疗和就学支出、灾害损失、失去工作、贷款逾期，各多少。
-- Grain: one row per family_key with at least one of these.
-- Scope: family_key
-- 政策依据: 国开发〔2020〕6号、中农组发〔2021〕7号：因病因灾因意外等刚性支出较大或收入大幅缩减；国家脱贫攻坚普查公报（三保障）。
-- Inputs: core.member, core.house, core.school_age, core.insured, core.medical_year, core.study_cost, core.disaster_loss_now, core.earner,
--   core.bank_loan_now, core.disability_now, ref.parameter, ref.feed_state, ref.run.
-- Limits: 未到或过期的数据源不产生困难（没有学籍数据不等于失学）。失学与规则 G01 同 (core.school_age)；学籍或控辍保学台账未到的不算。大病 = 近十二个月个人负担达到
--   MED_SELF_REG（建档户，住院）或 MED_SELF_ALL（其他农村户）。灾害损失为近十二个月，减去理赔和救灾补助。失业 = 近十八个月挣过工资而已停工
--   IDLE_MONTHS 个月以上的在世成员。C 级、D 级房指现住房，鉴定以后没有改造，也没有别的安全住房；危改数据未到时不知是否已改造，也不算。
-- Tie-breaks: none (sums and counts only).
WITH parameter AS (
  SELECT
    max(CASE WHEN parameter.code = 'MED_SELF_REG' THEN parameter.value END) AS registered_limit,
    max(CASE WHEN parameter.code = 'MED_SELF_ALL' THEN parameter.value END) AS other_limit,
    max(CASE WHEN parameter.code = 'EDU_SELF' THEN parameter.value END) AS study_limit,
    max(CASE WHEN parameter.code = 'NEWBORN_DAYS' THEN parameter.value END) AS newborn_days,
    max(CASE WHEN parameter.code = 'IDLE_MONTHS' THEN parameter.value END) AS idle_limit
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
feed AS (
  SELECT
    coalesce(bool_or(feed = 'housing_assessment'), FALSE) AND coalesce(bool_or(feed = 'housing_renovation'), FALSE) AS has_housing,
    coalesce(bool_or(feed = 'education_enrollment'), FALSE) AND coalesce(bool_or(feed = 'education_case'), FALSE) AS has_school,
    coalesce(bool_or(feed = 'health_insurance'), FALSE) AS has_insurance,
    coalesce(bool_or(feed = 'health_settlement'), FALSE) AS has_medical,
    coalesce(bool_or(feed = 'education_expense'), FALSE) AND coalesce(bool_or(feed = 'education_aid'), FALSE) AS has_study,
    coalesce(bool_or(feed = 'disaster_loss'), FALSE) AS has_disaster,
    coalesce(bool_or(feed = 'employment'), FALSE) AS has_work,
    coalesce(bool_or(feed = 'bank_loan'), FALSE) AS has_loan,
    coalesce(bool_or(feed = 'disability'), FALSE) AS has_disability
  FROM ref.feed_state
  WHERE is_present AND NOT is_stale
),
-- A list of last year says nothing of this year.
insured_year AS (
  SELECT count(*) > 0 AS is_there
  FROM core.insured
),
living AS (
  SELECT person_key, family_key, household_id, age, birth_date, is_registered
  FROM core.member
  WHERE NOT is_deceased AND (is_registered OR (is_rural AND is_on_register))
),
strain AS (
  SELECT house.family_key, 'house' AS kind, CAST(0 AS DECIMAL(18, 2)) AS yuan, house.grade_code AS grade
  FROM core.house AS house
  CROSS JOIN feed
  WHERE feed.has_housing AND house.grade_code IN ('C', 'D') AND house.is_lived_in AND NOT house.is_rebuilt_since AND house.other_safe_count = 0
  UNION ALL
  SELECT living.family_key, 'school' AS kind, 0 AS yuan, '' AS grade
  FROM core.school_age AS child
  INNER JOIN living ON living.person_key = child.person_key
  CROSS JOIN feed
  WHERE feed.has_school AND child.schooling_basis IN ('辍学', '未在校而无有效证明', '无在读学籍')
  UNION ALL
  SELECT living.family_key, 'insurance' AS kind, 0 AS yuan, '' AS grade
  FROM living
  CROSS JOIN parameter
  CROSS JOIN feed
  CROSS JOIN insured_year
  CROSS JOIN ref.run
  LEFT JOIN core.insured AS insured ON insured.person_key = living.person_key
  WHERE
    feed.has_insurance AND insured_year.is_there AND NOT coalesce(insured.is_insured, FALSE)
    AND date_diff('day', living.birth_date, run.as_of) > parameter.newborn_days
  UNION ALL
  SELECT
    living.family_key,
    CASE
      WHEN CASE WHEN living.is_registered THEN medical.inpatient_paid_yuan >= parameter.registered_limit ELSE medical.medical_paid_yuan >= parameter.other_limit END
        THEN 'illness'
      ELSE 'medical'
    END AS kind,
    medical.medical_paid_yuan AS yuan,
    '' AS grade
  FROM core.medical_year AS medical
  INNER JOIN living ON living.person_key = medical.person_key
  CROSS JOIN parameter
  CROSS JOIN feed
  WHERE feed.has_medical AND (medical.medical_paid_yuan > 0 OR medical.inpatient_paid_yuan >= parameter.registered_limit)
  UNION ALL
  SELECT living.family_key, CASE WHEN study.study_paid_yuan > parameter.study_limit THEN 'study' ELSE 'lesson' END AS kind, study.study_paid_yuan AS yuan, '' AS grade
  FROM core.study_cost AS study
  INNER JOIN living ON living.person_key = study.person_key
  CROSS JOIN parameter
  CROSS JOIN feed
  WHERE feed.has_study AND study.study_paid_yuan > 0 AND study.stage_code IN ('1', '4', '5', '8')
  UNION ALL
  SELECT
    coalesce(living.family_key, 'R' || loss.household_id) AS family_key, 'disaster' AS kind,
    CAST(greatest(loss.loss_yuan - coalesce(loss.claim_yuan, 0) - coalesce(loss.disaster_relief_yuan, 0), 0) AS DECIMAL(18, 2)) AS yuan, '' AS grade
  FROM core.disaster_loss_now AS loss
  CROSS JOIN feed
  CROSS JOIN ref.run
  LEFT JOIN living ON living.person_key = loss.person_key
  WHERE
    feed.has_disaster AND loss.disaster_date > run.as_of - INTERVAL 1 YEAR AND loss.disaster_date <= run.as_of
    AND loss.loss_yuan > coalesce(loss.claim_yuan, 0) + coalesce(loss.disaster_relief_yuan, 0)
  UNION ALL
  SELECT living.family_key, 'work' AS kind, 0 AS yuan, '' AS grade
  FROM core.earner AS earner
  INNER JOIN living ON living.person_key = earner.person_key
  CROSS JOIN parameter
  CROSS JOIN feed
  WHERE feed.has_work AND earner.idle_months >= parameter.idle_limit AND earner.late_wage_yuan > 0
  UNION ALL
  SELECT coalesce(living.family_key, 'R' || loan.household_id) AS family_key, 'overdue' AS kind, loan.overdue_principal_yuan AS yuan, '' AS grade
  FROM core.bank_loan_now AS loan
  CROSS JOIN feed
  LEFT JOIN living ON living.person_key = loan.person_key
  WHERE feed.has_loan AND loan.overdue_principal_yuan > 0 AND loan.settled_date IS NULL
  UNION ALL
  SELECT living.family_key, 'disabled' AS kind, 0 AS yuan, '' AS grade
  FROM core.disability_now AS disability
  INNER JOIN living ON living.person_key = disability.person_key
  CROSS JOIN feed
  WHERE feed.has_disability AND disability.status_code = '1'
)
SELECT
  family_key,
  max(CASE WHEN kind = 'house' THEN grade END) AS unsafe_house_grade,
  CAST(count(*) FILTER (WHERE kind = 'school') AS BIGINT) AS out_of_school_count,
  CAST(count(*) FILTER (WHERE kind = 'insurance') AS BIGINT) AS uninsured_count,
  CAST(count(*) FILTER (WHERE kind = 'illness') AS BIGINT) AS illness_count,
  CAST(count(*) FILTER (WHERE kind = 'disabled') AS BIGINT) AS disabled_count,
  CAST(count(*) FILTER (WHERE kind = 'study') AS BIGINT) AS costly_student_count,
  CAST(count(*) FILTER (WHERE kind = 'work') AS BIGINT) AS lost_work_count,
  CAST(sum(CASE WHEN kind IN ('medical', 'illness') THEN yuan ELSE 0 END) AS DECIMAL(18, 2)) AS medical_paid_yuan,
  CAST(sum(CASE WHEN kind IN ('study', 'lesson') THEN yuan ELSE 0 END) AS DECIMAL(18, 2)) AS study_paid_yuan,
  CAST(sum(CASE WHEN kind = 'disaster' THEN yuan ELSE 0 END) AS DECIMAL(18, 2)) AS disaster_loss_yuan,
  CAST(sum(CASE WHEN kind = 'overdue' THEN yuan ELSE 0 END) AS DECIMAL(18, 2)) AS overdue_yuan
FROM strain
WHERE family_key IS NOT NULL
GROUP BY family_key
HAVING count(*) FILTER (WHERE kind NOT IN ('medical', 'lesson')) > 0
