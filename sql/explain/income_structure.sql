-- explain.income_structure
-- 各项收入、支出、人数由哪些户相加。
-- Inputs: core.registry_year.
-- Limits: 金额为全户当年数；income_persons 的 amount 为户的人数。
-- Derived: wage_mean_yuan = 合计 ÷ 人数; business_mean_yuan = 合计 ÷ 人数; property_mean_yuan = 合计 ÷ 人数; transfer_mean_yuan = 合计 ÷ 人数
-- Derived: net_mean_yuan = 合计 ÷ 人数; wage_share = 合计 ÷ 四项之和; business_share = 合计 ÷ 四项之和; property_share = 合计 ÷ 四项之和
-- Derived: transfer_share = 合计 ÷ 四项之和; net_growth = 人均 ÷ 上年人均 − 1; net_real_growth = 按 CPI_2010 折算的同比
WITH told AS (
  SELECT
    household_id, coalesce(village_code, '不详') AS village_code, stat_year, coalesce(household_type_code, '不详') AS income_group, person_count,
    wage_income_yuan, business_income_yuan, property_income_yuan, transfer_income_yuan, business_cost_yuan, net_income_yuan
  FROM core.registry_year
  WHERE wage_income_yuan IS NOT NULL AND business_income_yuan IS NOT NULL AND property_income_yuan IS NOT NULL
    AND transfer_income_yuan IS NOT NULL AND business_cost_yuan IS NOT NULL AND net_income_yuan IS NOT NULL
),
grouped AS (
  SELECT
    household_id, village_code, stat_year, income_group, person_count, wage_income_yuan, business_income_yuan, property_income_yuan,
    transfer_income_yuan, business_cost_yuan, net_income_yuan
  FROM told
  UNION ALL
  SELECT
    household_id, village_code, stat_year, '合计' AS income_group, person_count, wage_income_yuan, business_income_yuan, property_income_yuan,
    transfer_income_yuan, business_cost_yuan, net_income_yuan
  FROM told
),
area_row AS (
  SELECT '村' AS area_level, village_code AS area_code, grouped.* FROM grouped
  UNION ALL
  SELECT '乡' AS area_level, substr(village_code, 1, 9) AS area_code, grouped.* FROM grouped
  UNION ALL
  SELECT '县' AS area_level, substr(village_code, 1, 6) AS area_code, grouped.* FROM grouped
)
SELECT
  area_level, area_code, stat_year, income_group,
  'income_households' AS figure,
  household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM area_row
UNION ALL
SELECT
  area_level, area_code, stat_year, income_group,
  'income_persons' AS figure,
  household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(person_count AS DECIMAL(18, 2)) AS amount
FROM area_row
UNION ALL
SELECT
  area_level, area_code, stat_year, income_group,
  'wage_total_yuan' AS figure,
  household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(wage_income_yuan AS DECIMAL(18, 2)) AS amount
FROM area_row
UNION ALL
SELECT
  area_level, area_code, stat_year, income_group,
  'business_total_yuan' AS figure,
  household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(business_income_yuan AS DECIMAL(18, 2)) AS amount
FROM area_row
UNION ALL
SELECT
  area_level, area_code, stat_year, income_group,
  'property_total_yuan' AS figure,
  household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(property_income_yuan AS DECIMAL(18, 2)) AS amount
FROM area_row
UNION ALL
SELECT
  area_level, area_code, stat_year, income_group,
  'transfer_total_yuan' AS figure,
  household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(transfer_income_yuan AS DECIMAL(18, 2)) AS amount
FROM area_row
UNION ALL
SELECT
  area_level, area_code, stat_year, income_group,
  'business_cost_total_yuan' AS figure,
  household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(business_cost_yuan AS DECIMAL(18, 2)) AS amount
FROM area_row
UNION ALL
SELECT
  area_level, area_code, stat_year, income_group,
  'net_total_yuan' AS figure,
  household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(net_income_yuan AS DECIMAL(18, 2)) AS amount
FROM area_row
