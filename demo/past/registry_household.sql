-- 建档立卡户, a year before: the same households with nine tenths of the income; who left poverty in the year between was still poor.
WITH counted AS (
  SELECT *, CAST(replace(wage_income_yuan, '.', '') AS BIGINT) * 9 // 10 AS wage, CAST(replace(business_income_yuan, '.', '') AS BIGINT) * 9 // 10 AS business,
    CAST(replace(property_income_yuan, '.', '') AS BIGINT) * 9 // 10 AS property, CAST(replace(transfer_income_yuan, '.', '') AS BIGINT) * 9 // 10 AS transfer,
    CAST(replace(business_cost_yuan, '.', '') AS BIGINT) * 9 // 10 AS cost, CAST(member_count AS BIGINT) AS members
  FROM c_registry_household
)
SELECT * EXCLUDE (wage, business, property, transfer, cost, members) REPLACE (
  CAST(CAST(CAST(data_date AS DATE) - to_years(1) AS DATE) AS VARCHAR) AS data_date,
  CASE WHEN exit_year >= '2018' THEN '0' ELSE poverty_status_code END AS poverty_status_code, CASE WHEN exit_year < '2018' THEN exit_year END AS exit_year,
  yuan(wage) AS wage_income_yuan, yuan(business) AS business_income_yuan, yuan(property) AS property_income_yuan, yuan(transfer) AS transfer_income_yuan, yuan(cost) AS business_cost_yuan,
  yuan(wage + business + property + transfer) AS total_income_yuan, yuan(wage + business + property + transfer - cost) AS net_income_yuan,
  yuan((2 * (wage + business + property + transfer - cost) + members) // (2 * members)) AS net_income_per_head_yuan)
FROM counted
