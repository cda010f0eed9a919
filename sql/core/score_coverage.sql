-- core.score_coverage
-- 考核用的参保覆盖：每月截止日在册的建档立卡人口，是否有当年正常参保的基本医疗记录。
-- Grain: one row per month and registered person.
-- Kept as: view (counted once by the mart and listed on request).
-- 政策依据: 北委发〔2019〕5号 二(一)3 基本医疗保险；三(一)2 “数据考核”。
-- Inputs: core.registry_person, core.registry_household, core.health_insurance, core.score_month.
-- Limits: 按现在所知的历史。村为当月建档立卡户所在村，查不到户的为空。当月全县没有一条当年参保记录（参保名单还没有报到）的月份没有行，不能当作没有参保。
--   没有证件号码、对不上人的建档人口不在内：有没有参保无从知道。
-- Tie-breaks: 一人当月在几户名下时取户编号最小的一户。
WITH listed AS (
  SELECT month.stat_month, person.person_key, min(person.household_id) AS household_id
  FROM core.registry_person AS person
  INNER JOIN core.score_month AS month ON person.valid_from <= month.cutoff_date AND person.valid_to > month.cutoff_date
  WHERE person.recorded_to = TIMESTAMP '9999-12-31 00:00:00' AND person.person_key IS NOT NULL
  GROUP BY month.stat_month, person.person_key
),
household AS (
  SELECT month.stat_month, registered.household_id, max(registered.village_code) AS village_code
  FROM core.registry_household AS registered
  INNER JOIN core.score_month AS month ON registered.valid_from <= month.cutoff_date AND registered.valid_to > month.cutoff_date
  WHERE registered.recorded_to = TIMESTAMP '9999-12-31 00:00:00'
  GROUP BY month.stat_month, registered.household_id
),
-- Only of the registered: the list of the insured is five times as long.
known AS (
  SELECT person_key
  FROM core.registry_person
  WHERE recorded_to = TIMESTAMP '9999-12-31 00:00:00' AND person_key IS NOT NULL
  GROUP BY person_key
),
insured AS (
  SELECT month.stat_month, insurance.person_key
  FROM core.health_insurance AS insurance
  INNER JOIN known ON known.person_key = insurance.person_key
  INNER JOIN core.score_month AS month ON insurance.valid_from <= month.cutoff_date AND insurance.valid_to > month.cutoff_date
  WHERE
    insurance.recorded_to = TIMESTAMP '9999-12-31 00:00:00' AND insurance.status_code = '1' AND insurance.insurance_code IN ('1', '2')
    AND insurance.year = extract(YEAR FROM month.cutoff_date)
  GROUP BY month.stat_month, insurance.person_key
),
told AS (
  SELECT stat_month FROM insured GROUP BY stat_month
)
SELECT
  listed.stat_month,
  listed.person_key,
  listed.household_id,
  household.village_code,
  substr(household.village_code, 1, 9) AS town_code,
  insured.person_key IS NOT NULL AS is_insured
FROM listed
INNER JOIN told ON told.stat_month = listed.stat_month
LEFT JOIN household ON household.household_id = listed.household_id AND household.stat_month = listed.stat_month
LEFT JOIN insured ON insured.person_key = listed.person_key AND insured.stat_month = listed.stat_month
