-- explain.health_guarantee
-- 健康保障表每个数字背后的人、住院和户：参保、资助、大病、慢病逐人列出，住院逐次列出并带金额，灾难性支出逐户列出。
-- Inputs: mart.person_status, mart.household_status, core.insured, core.inpatient, core.disease_now, core.registry_household_now, ref.parameter,
--   ref.feed_state, ref.run.
-- Limits: 人数一人一行，住院人次和费用一次住院一行（record 为入院日期），灾难性支出一户一行。数据未到或过期、表中为空的数不列。
-- Derived: health_insured_rate = health_covered_count ÷ health_due_count; actual_ratio_weighted = 四层支付 ÷ inpatient_total_yuan
-- Derived: actual_ratio_median = 各次住院四层支付 ÷ 总费用的中位数; serious_treated_rate = serious_treated_count ÷ serious_ill_count
-- Derived: chronic_contracted_rate = chronic_contracted_count ÷ chronic_ill_count
WITH feed AS (
  SELECT
    coalesce(bool_or(feed = 'health_insurance'), FALSE) AS has_insurance,
    coalesce(bool_or(feed = 'health_settlement'), FALSE) AS has_settlement,
    coalesce(bool_or(feed = 'disease'), FALSE) AS has_disease
  FROM ref.feed_state
  WHERE is_present AND NOT is_stale
),
parameter AS (
  SELECT max(CASE WHEN parameter.code = 'CATASTROPHIC_SHARE' THEN parameter.value END) AS catastrophic_share
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
ill AS (
  SELECT
    person_key,
    max(CASE WHEN disease_kind_code = '1' THEN 1 ELSE 0 END) AS is_serious,
    min(CASE WHEN disease_kind_code = '1' THEN CASE WHEN coalesce(treatment_code IN ('1', '2', '3'), FALSE) THEN 1 ELSE 0 END END) AS is_treated,
    max(CASE WHEN disease_kind_code = '2' THEN 1 ELSE 0 END) AS is_chronic,
    max(CASE WHEN disease_kind_code = '2' THEN CASE WHEN coalesce(is_contracted, FALSE) THEN 1 ELSE 0 END END) AS is_contracted
  FROM core.disease_now
  WHERE disease_kind_code IN ('1', '2') AND coalesce(treatment_code, '0') <> '5' AND person_key IS NOT NULL
  GROUP BY person_key
),
person AS (
  SELECT
    coalesce(person.village_code, '不详') AS village_code, person.household_id, person.person_key, person.health_insurance_state,
    person.health_insurance_basis, feed.has_insurance,
    NOT person.is_deceased AND insured.subsidy_yuan > 0 AS is_subsidised,
    feed.has_disease AND NOT person.is_deceased AND ill.is_serious = 1 AS is_serious, ill.is_treated = 1 AS is_treated,
    feed.has_disease AND NOT person.is_deceased AND ill.is_chronic = 1 AS is_chronic, ill.is_contracted = 1 AS is_contracted
  FROM mart.person_status AS person
  CROSS JOIN feed
  LEFT JOIN core.insured AS insured ON insured.person_key = person.person_key
  LEFT JOIN ill ON ill.person_key = person.person_key
),
household AS (
  SELECT coalesce(status.village_code, '不详') AS village_code, status.household_id
  FROM mart.household_status AS status
  INNER JOIN core.registry_household_now AS household ON household.household_id = status.household_id
  CROSS JOIN parameter
  CROSS JOIN feed
  WHERE feed.has_settlement AND status.medical_self_paid_yuan > 0
    AND status.medical_self_paid_yuan >= parameter.catastrophic_share * greatest(household.net_income_yuan, 0)
),
stay AS (
  SELECT
    coalesce(inpatient.village_code, '不详') AS village_code, inpatient.household_id, inpatient.person_key, inpatient.admitted_date, inpatient.total_yuan, inpatient.eligible_yuan, inpatient.basic_paid_yuan,
    inpatient.serious_paid_yuan, inpatient.assistance_paid_yuan, inpatient.supplement_paid_yuan, inpatient.self_paid_yuan, inpatient.own_expense_yuan
  FROM core.inpatient AS inpatient
  CROSS JOIN ref.run AS run
  CROSS JOIN feed
  WHERE feed.has_settlement AND extract(YEAR FROM inpatient.settled_date) = extract(YEAR FROM run.as_of)
),
patient AS (
  SELECT village_code, household_id, person_key
  FROM stay
  GROUP BY village_code, household_id, person_key
),
listed AS (
  SELECT village_code, 'health_due_count' AS figure, household_id AS household_id, person_key AS person_key, health_insurance_basis AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM person
  WHERE has_insurance AND health_insurance_state <> '不适用'
  UNION ALL
  SELECT village_code, 'health_covered_count' AS figure, household_id AS household_id, person_key AS person_key, health_insurance_basis AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM person
  WHERE has_insurance AND health_insurance_state = '有'
  UNION ALL
  SELECT village_code, 'premium_subsidised_count' AS figure, household_id AS household_id, person_key AS person_key, health_insurance_basis AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM person
  WHERE has_insurance AND is_subsidised
  UNION ALL
  SELECT village_code, 'serious_ill_count' AS figure, household_id AS household_id, person_key AS person_key, CAST(NULL AS VARCHAR) AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM person
  WHERE is_serious
  UNION ALL
  SELECT village_code, 'serious_treated_count' AS figure, household_id AS household_id, person_key AS person_key, CAST(NULL AS VARCHAR) AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM person
  WHERE is_serious AND is_treated
  UNION ALL
  SELECT village_code, 'chronic_ill_count' AS figure, household_id AS household_id, person_key AS person_key, CAST(NULL AS VARCHAR) AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM person
  WHERE is_chronic
  UNION ALL
  SELECT village_code, 'chronic_contracted_count' AS figure, household_id AS household_id, person_key AS person_key, CAST(NULL AS VARCHAR) AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM person
  WHERE is_chronic AND is_contracted
  UNION ALL
  SELECT village_code, 'catastrophic_household_count' AS figure, household_id AS household_id, CAST(NULL AS BIGINT) AS person_key, CAST(NULL AS VARCHAR) AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM household
  UNION ALL
  SELECT village_code, 'inpatient_person_count' AS figure, household_id AS household_id, person_key AS person_key, CAST(NULL AS VARCHAR) AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM patient
  UNION ALL
  SELECT village_code, 'inpatient_count' AS figure, household_id AS household_id, person_key AS person_key, CAST(admitted_date AS VARCHAR) AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM stay
  UNION ALL
  SELECT village_code, 'inpatient_total_yuan' AS figure, household_id AS household_id, person_key AS person_key, CAST(admitted_date AS VARCHAR) AS record, total_yuan AS amount
  FROM stay
  UNION ALL
  SELECT village_code, 'inpatient_eligible_yuan' AS figure, household_id AS household_id, person_key AS person_key, CAST(admitted_date AS VARCHAR) AS record, eligible_yuan AS amount
  FROM stay
  UNION ALL
  SELECT village_code, 'inpatient_basic_paid_yuan' AS figure, household_id AS household_id, person_key AS person_key, CAST(admitted_date AS VARCHAR) AS record, basic_paid_yuan AS amount
  FROM stay
  UNION ALL
  SELECT village_code, 'inpatient_serious_paid_yuan' AS figure, household_id AS household_id, person_key AS person_key, CAST(admitted_date AS VARCHAR) AS record, serious_paid_yuan AS amount
  FROM stay
  UNION ALL
  SELECT village_code, 'inpatient_assistance_paid_yuan' AS figure, household_id AS household_id, person_key AS person_key, CAST(admitted_date AS VARCHAR) AS record, assistance_paid_yuan AS amount
  FROM stay
  UNION ALL
  SELECT village_code, 'inpatient_supplement_paid_yuan' AS figure, household_id AS household_id, person_key AS person_key, CAST(admitted_date AS VARCHAR) AS record, supplement_paid_yuan AS amount
  FROM stay
  UNION ALL
  SELECT village_code, 'inpatient_self_paid_yuan' AS figure, household_id AS household_id, person_key AS person_key, CAST(admitted_date AS VARCHAR) AS record, self_paid_yuan AS amount
  FROM stay
  UNION ALL
  SELECT village_code, 'inpatient_own_expense_yuan' AS figure, household_id AS household_id, person_key AS person_key, CAST(admitted_date AS VARCHAR) AS record, own_expense_yuan AS amount
  FROM stay
)
SELECT
  '村' AS area_level,
  listed.village_code AS area_code,
  CAST(extract(YEAR FROM run.as_of) AS BIGINT) AS year,
  listed.figure,
  listed.household_id,
  listed.person_key,
  listed.record,
  CAST(listed.amount AS DECIMAL(18, 2)) AS amount
FROM listed
CROSS JOIN ref.run AS run
UNION ALL
SELECT
  '乡' AS area_level,
  substr(listed.village_code, 1, 9) AS area_code,
  CAST(extract(YEAR FROM run.as_of) AS BIGINT) AS year,
  listed.figure,
  listed.household_id,
  listed.person_key,
  listed.record,
  CAST(listed.amount AS DECIMAL(18, 2)) AS amount
FROM listed
CROSS JOIN ref.run AS run
UNION ALL
SELECT
  '县' AS area_level,
  substr(listed.village_code, 1, 6) AS area_code,
  CAST(extract(YEAR FROM run.as_of) AS BIGINT) AS year,
  listed.figure,
  listed.household_id,
  listed.person_key,
  listed.record,
  CAST(listed.amount AS DECIMAL(18, 2)) AS amount
FROM listed
CROSS JOIN ref.run AS run
