-- explain.poverty_gap
-- 贫困人口和缺口由哪些户、每户几人、缺多少元相加。
-- Inputs: core.registry_year, core.poverty_line.
-- Limits: 人数的 amount 为户的人数；缺口的 amount 为（标准 − 人均纯收入）× 人数。
-- Derived: fgt0 = 低于标准的人数 ÷ 人数; fgt1 = 缺口合计 ÷（人数 × 标准）; fgt2 = 缺口平方合计 ÷（人数 × 标准平方）; mean_gap_yuan = 缺口合计 ÷ 低于标准的人数
-- Derived: gini = 人均纯收入的基尼系数; income_p10_yuan = 第 10 百分位; income_p50_yuan = 中位数; income_p90_yuan = 第 90 百分位; poverty_line_yuan = 当年标准
WITH unit AS (
  SELECT
    stat_year, coalesce(village_code, '不详') AS village_code, '建档立卡人口' AS population, household_id, person_count, net_income_per_head_yuan
  FROM core.registry_year
  UNION ALL
  SELECT
    stat_year, coalesce(village_code, '不详') AS village_code, '未脱贫人口' AS population, household_id, person_count, net_income_per_head_yuan
  FROM core.registry_year
  WHERE is_poor
),
area_row AS (
  SELECT '村' AS area_level, village_code AS area_code, unit.* FROM unit
  UNION ALL
  SELECT '乡' AS area_level, substr(village_code, 1, 9) AS area_code, unit.* FROM unit
  UNION ALL
  SELECT '县' AS area_level, substr(village_code, 1, 6) AS area_code, unit.* FROM unit
)
SELECT
  area_row.area_level, area_row.area_code, area_row.stat_year, line.line_code, area_row.population,
  'population_persons' AS figure,
  area_row.household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(area_row.person_count AS DECIMAL(18, 2)) AS amount
FROM area_row
INNER JOIN core.poverty_line AS line ON line.stat_year = area_row.stat_year
UNION ALL
SELECT
  area_row.area_level, area_row.area_code, area_row.stat_year, line.line_code, area_row.population,
  'income_missing_persons' AS figure,
  area_row.household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(area_row.person_count AS DECIMAL(18, 2)) AS amount
FROM area_row
INNER JOIN core.poverty_line AS line ON line.stat_year = area_row.stat_year
WHERE area_row.net_income_per_head_yuan IS NULL
UNION ALL
SELECT
  area_row.area_level, area_row.area_code, area_row.stat_year, line.line_code, area_row.population,
  'below_line_persons' AS figure,
  area_row.household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(area_row.person_count AS DECIMAL(18, 2)) AS amount
FROM area_row
INNER JOIN core.poverty_line AS line ON line.stat_year = area_row.stat_year
WHERE CASE WHEN area_row.net_income_per_head_yuan < 0 THEN 0 ELSE area_row.net_income_per_head_yuan END < line.poverty_line_yuan
UNION ALL
SELECT
  area_row.area_level, area_row.area_code, area_row.stat_year, line.line_code, area_row.population,
  'gap_total_yuan' AS figure,
  area_row.household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(area_row.person_count * (line.poverty_line_yuan - greatest(area_row.net_income_per_head_yuan, 0)) AS DECIMAL(18, 2)) AS amount
FROM area_row
INNER JOIN core.poverty_line AS line ON line.stat_year = area_row.stat_year
WHERE CASE WHEN area_row.net_income_per_head_yuan < 0 THEN 0 ELSE area_row.net_income_per_head_yuan END < line.poverty_line_yuan
