-- 建档立卡户, a year before: the same households with nine tenths of the income, or what a situation says; who left poverty in the year between was still poor.
WITH counted AS (
  SELECT c.*, p.household_id IS NOT NULL AS is_said, CAST(member_count AS BIGINT) AS members, CAST(replace(wage_income_yuan, '.', '') AS BIGINT) * 9 // 10 AS wage, CAST(replace(business_income_yuan, '.', '') AS BIGINT) * 9 // 10 AS business,
    CAST(replace(transfer_income_yuan, '.', '') AS BIGINT) * 9 // 10 AS transfer, CAST(replace(business_cost_yuan, '.', '') AS BIGINT) * 9 // 10 AS cost,
    CASE WHEN p.household_id IS NULL THEN CAST(replace(property_income_yuan, '.', '') AS BIGINT) * 9 // 10 ELSE p.income_cents * CAST(member_count AS BIGINT) END AS property
  FROM c_registry_household c LEFT JOIN past_income p USING (household_id) WHERE p.household_id IS NULL OR p.income_cents IS NOT NULL
), earned AS (
  SELECT * REPLACE (CASE WHEN is_said THEN 0 ELSE wage END AS wage, CASE WHEN is_said THEN 0 ELSE business END AS business, CASE WHEN is_said THEN 0 ELSE transfer END AS transfer, CASE WHEN is_said THEN 0 ELSE cost END AS cost) FROM counted
)
SELECT * EXCLUDE (is_said, members, wage, business, transfer, cost, property) REPLACE (
  CAST(CAST(CAST(data_date AS DATE) - to_years(1) AS DATE) AS VARCHAR) AS data_date,
  CASE WHEN exit_year >= '2018' THEN '0' ELSE poverty_status_code END AS poverty_status_code, CASE WHEN exit_year < '2018' THEN exit_year END AS exit_year,
  yuan(wage) AS wage_income_yuan, yuan(business) AS business_income_yuan, yuan(property) AS property_income_yuan, yuan(transfer) AS transfer_income_yuan, yuan(cost) AS business_cost_yuan,
  yuan(wage + business + property + transfer) AS total_income_yuan, yuan(wage + business + property + transfer - cost) AS net_income_yuan,
  yuan((2 * (wage + business + property + transfer - cost) + members) // (2 * members)) AS net_income_per_head_yuan)
FROM earned
