-- mart.income_structure
-- 收入结构与变化：县、乡、村三级，各年、各户类型，四项收入的人均和占比、经营支出、人均纯收入、同比、转移性收入占比，名义和实际。
-- Grain: one row per area level, area, year and household type (household_type_code；空为户类型不详，'合计' 为全部).
-- 政策依据: 北委发〔2019〕5号 三(一)4 贫困监测；重点评估脱贫的稳定性（对转移性收入的依赖）。
-- Inputs: core.registry_year, ref.parameter, ref.area.
-- Limits: 收入为建档系统上报的全户数，只算四项收入、支出和纯收入都填了的户（income_households）。纯收入 = 四项之和 − 经营支出；同比为人均纯收入与上年相比，上年没有记录为空。
--   实际增长用参数 CPI_2010 的两年之比折算；未录入时为空，real_state 为“参数缺失”。占比的分母为四项之和，为 0 时为空。
-- Tie-breaks: none (sums only).
WITH priced AS (
  SELECT stat.stat_year, max(CASE WHEN parameter.code = 'CPI_2010' THEN parameter.value END) AS price_index
  FROM (SELECT stat_year, max(cutoff_date) AS cutoff_date FROM core.registry_year GROUP BY stat_year) AS stat
  CROSS JOIN ref.parameter AS parameter
  WHERE stat.cutoff_date >= parameter.valid_from AND stat.cutoff_date < parameter.valid_to
  GROUP BY stat.stat_year
),
told AS (
  SELECT
    coalesce(village_code, '不详') AS village_code, stat_year, coalesce(household_type_code, '不详') AS income_group, person_count,
    wage_income_yuan, business_income_yuan, property_income_yuan, transfer_income_yuan, business_cost_yuan, net_income_yuan
  FROM core.registry_year
  WHERE wage_income_yuan IS NOT NULL AND business_income_yuan IS NOT NULL AND property_income_yuan IS NOT NULL
    AND transfer_income_yuan IS NOT NULL AND business_cost_yuan IS NOT NULL AND net_income_yuan IS NOT NULL
),
village_group AS (
  SELECT
    village_code, stat_year, income_group,
    count(*) AS households, sum(person_count) AS persons,
    sum(wage_income_yuan) AS wage, sum(business_income_yuan) AS business, sum(property_income_yuan) AS property,
    sum(transfer_income_yuan) AS transfer, sum(business_cost_yuan) AS cost, sum(net_income_yuan) AS net
  FROM told
  GROUP BY village_code, stat_year, income_group
),
village_sum AS (
  SELECT village_code, stat_year, income_group, households, persons, wage, business, property, transfer, cost, net FROM village_group
  UNION ALL
  SELECT village_code, stat_year, '合计' AS income_group, households, persons, wage, business, property, transfer, cost, net FROM village_group
),
area_row AS (
  SELECT '村' AS area_level, village_code AS area_code, village_sum.* FROM village_sum
  UNION ALL
  SELECT '乡' AS area_level, substr(village_code, 1, 9) AS area_code, village_sum.* FROM village_sum
  UNION ALL
  SELECT '县' AS area_level, substr(village_code, 1, 6) AS area_code, village_sum.* FROM village_sum
),
summed AS (
  SELECT
    area_level, area_code, stat_year, income_group,
    CAST(sum(households) AS BIGINT) AS households, CAST(sum(persons) AS BIGINT) AS persons,
    sum(wage) AS wage, sum(business) AS business, sum(property) AS property, sum(transfer) AS transfer, sum(cost) AS cost, sum(net) AS net
  FROM area_row
  GROUP BY area_level, area_code, stat_year, income_group
),
divided AS (
  SELECT
    summed.area_level, summed.area_code, summed.stat_year, summed.income_group, summed.households, summed.persons, summed.wage, summed.business,
    summed.property, summed.transfer, summed.cost, summed.net,
    summed.wage + summed.business + summed.property + summed.transfer AS gross,
    CASE WHEN summed.persons > 0 THEN CAST(summed.net AS DOUBLE) / summed.persons END AS net_per_head,
    priced.price_index
  FROM summed
  LEFT JOIN priced ON priced.stat_year = summed.stat_year
)
SELECT
  divided.area_level,
  divided.area_code,
  area_name.area,
  divided.stat_year,
  divided.income_group,
  divided.households AS income_households,
  divided.persons AS income_persons,
  CAST(divided.wage AS DECIMAL(18, 2)) AS wage_total_yuan,
  CAST(divided.business AS DECIMAL(18, 2)) AS business_total_yuan,
  CAST(divided.property AS DECIMAL(18, 2)) AS property_total_yuan,
  CAST(divided.transfer AS DECIMAL(18, 2)) AS transfer_total_yuan,
  CAST(divided.cost AS DECIMAL(18, 2)) AS business_cost_total_yuan,
  CAST(divided.net AS DECIMAL(18, 2)) AS net_total_yuan,
  CASE WHEN divided.persons > 0 THEN CAST(CAST(divided.wage AS DOUBLE) / divided.persons AS DECIMAL(18, 2)) END AS wage_mean_yuan,
  CASE WHEN divided.persons > 0 THEN CAST(CAST(divided.business AS DOUBLE) / divided.persons AS DECIMAL(18, 2)) END AS business_mean_yuan,
  CASE WHEN divided.persons > 0 THEN CAST(CAST(divided.property AS DOUBLE) / divided.persons AS DECIMAL(18, 2)) END AS property_mean_yuan,
  CASE WHEN divided.persons > 0 THEN CAST(CAST(divided.transfer AS DOUBLE) / divided.persons AS DECIMAL(18, 2)) END AS transfer_mean_yuan,
  CAST(divided.net_per_head AS DECIMAL(18, 2)) AS net_mean_yuan,
  CASE WHEN divided.gross > 0 THEN CAST(CAST(divided.wage AS DOUBLE) / divided.gross AS DECIMAL(12, 8)) END AS wage_share,
  CASE WHEN divided.gross > 0 THEN CAST(CAST(divided.business AS DOUBLE) / divided.gross AS DECIMAL(12, 8)) END AS business_share,
  CASE WHEN divided.gross > 0 THEN CAST(CAST(divided.property AS DOUBLE) / divided.gross AS DECIMAL(12, 8)) END AS property_share,
  CASE WHEN divided.gross > 0 THEN CAST(CAST(divided.transfer AS DOUBLE) / divided.gross AS DECIMAL(12, 8)) END AS transfer_share,
  CASE WHEN earlier.net_per_head > 0 THEN CAST(divided.net_per_head / earlier.net_per_head - 1 AS DECIMAL(12, 8)) END AS net_growth,
  CASE
    WHEN earlier.net_per_head > 0 AND earlier.price_index > 0 AND divided.price_index > 0
      THEN CAST(divided.net_per_head / earlier.net_per_head / (CAST(divided.price_index AS DOUBLE) / earlier.price_index) - 1 AS DECIMAL(12, 8))
  END AS net_real_growth,
  CASE
    WHEN divided.price_index IS NULL THEN '参数缺失'
    WHEN earlier.net_per_head IS NULL THEN '无法判定'
    WHEN earlier.price_index IS NULL THEN '参数缺失'
    ELSE '已计算'
  END AS real_state
FROM divided
LEFT JOIN divided AS earlier
  ON earlier.area_level = divided.area_level AND earlier.area_code = divided.area_code AND earlier.income_group = divided.income_group
  AND earlier.stat_year = divided.stat_year - 1
LEFT JOIN ref.area AS area_name ON area_name.area_level = divided.area_level AND area_name.area_code = divided.area_code
