-- core.score_coverage
-- 考核用的参保覆盖：每月截止日在册的建档立卡人口，是否有当年正常参保的基本医疗记录。
-- Grain: one row per month and registered person.
-- Kept as: view (counted once by the mart and listed on request).
-- 政策依据: 北委发〔2019〕5号 二(一)3 基本医疗保险；三(一)2 “数据考核”。
-- Inputs: core.registry_person, core.registry_household, core.health_insurance, core.score_month.
-- Limits: 按现在所知的历史。村为当月建档立卡户所在村，查不到户的为空。当月全县没有一条当年参保记录（参保名单还没有报到）的月份没有行，不能当作没有参保。
--   没有证件号码、对不上人的建档人口不在内：有没有参保无从知道。
-- Tie-breaks: 一人当月在几户名下时取户编号最小的一户。
WITH insurance AS (
  SELECT person_key, year, valid_from, valid_to
  FROM core.health_insurance
  WHERE recorded_to = TIMESTAMP '9999-12-31 00:00:00' AND status_code = '1' AND insurance_code IN ('1', '2')
),
insurance_span AS (
  SELECT year, valid_from, valid_to FROM insurance GROUP BY year, valid_from, valid_to
),
told AS (
  SELECT month.stat_month, month.cutoff_date
  FROM insurance_span AS span
  INNER JOIN core.score_month AS month ON span.valid_from <= month.cutoff_date AND span.valid_to > month.cutoff_date
  WHERE span.year = extract(YEAR FROM month.cutoff_date)
  GROUP BY month.stat_month, month.cutoff_date
),
-- A list of a million rows has a handful of days: the months are looked for once a span, and rows find theirs by equality.
span AS (
  SELECT valid_from, valid_to FROM insurance_span
  UNION
  SELECT valid_from, valid_to FROM core.registry_person WHERE recorded_to = TIMESTAMP '9999-12-31 00:00:00'
  UNION
  SELECT valid_from, valid_to FROM core.registry_household WHERE recorded_to = TIMESTAMP '9999-12-31 00:00:00'
),
month_of AS (
  SELECT span.valid_from, span.valid_to, told.stat_month, CAST(extract(YEAR FROM told.cutoff_date) AS BIGINT) AS stat_year
  FROM span
  INNER JOIN told ON span.valid_from <= told.cutoff_date AND span.valid_to > told.cutoff_date
),
listed AS (
  SELECT month.stat_month, person.person_key, min(person.household_id) AS household_id
  FROM core.registry_person AS person
  INNER JOIN month_of AS month ON month.valid_from = person.valid_from AND month.valid_to = person.valid_to
  WHERE person.recorded_to = TIMESTAMP '9999-12-31 00:00:00' AND person.person_key IS NOT NULL
  GROUP BY month.stat_month, person.person_key
),
household AS (
  SELECT month.stat_month, registered.household_id, max(registered.village_code) AS village_code
  FROM core.registry_household AS registered
  INNER JOIN month_of AS month ON month.valid_from = registered.valid_from AND month.valid_to = registered.valid_to
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
  FROM insurance
  INNER JOIN known ON known.person_key = insurance.person_key
  INNER JOIN month_of AS month
    ON month.valid_from = insurance.valid_from AND month.valid_to = insurance.valid_to AND month.stat_year = insurance.year
  GROUP BY month.stat_month, insurance.person_key
)
SELECT
  listed.stat_month,
  listed.person_key,
  listed.household_id,
  household.village_code,
  substr(household.village_code, 1, 9) AS town_code,
  insured.person_key IS NOT NULL AS is_insured
FROM listed
LEFT JOIN household ON household.household_id = listed.household_id AND household.stat_month = listed.stat_month
LEFT JOIN insured ON insured.person_key = listed.person_key AND insured.stat_month = listed.stat_month
