-- explain.multidimensional_poverty_indicator
-- 每个指标被剥夺的、缺失的、既被剥夺又多维贫困的是哪些户，每户几人。
-- Inputs: core.deprivation, core.deprivation_score.
-- Limits: amount 为户的人数。
-- Derived: mpi_weight = ref.mpi_indicator 的权重; uncensored_headcount = deprived_persons ÷ population_persons
-- Derived: censored_headcount = deprived_poor_persons ÷ population_persons; mpi_missing_share = deprivation_missing_persons ÷ population_persons
-- Derived: mpi_contribution = 权重 × deprived_poor_persons ÷ 各指标之和
WITH cutoff AS (
  SELECT '1/4' AS mpi_cutoff, 4 AS parts
  UNION ALL
  SELECT '1/3' AS mpi_cutoff, 3 AS parts
  UNION ALL
  SELECT '1/2' AS mpi_cutoff, 2 AS parts
),
item AS (
  SELECT
    coalesce(deprivation.village_code, '不详') AS village_code, deprivation.household_id, deprivation.mpi_indicator_no, deprivation.is_deprived,
    deprivation.person_count, unit.score, unit.weight_total
  FROM core.deprivation AS deprivation
  INNER JOIN core.deprivation_score AS unit ON unit.household_id = deprivation.household_id
),
area_row AS (
  SELECT '村' AS area_level, village_code AS area_code, item.* FROM item
  UNION ALL
  SELECT '乡' AS area_level, substr(village_code, 1, 9) AS area_code, item.* FROM item
  UNION ALL
  SELECT '县' AS area_level, substr(village_code, 1, 6) AS area_code, item.* FROM item
)
SELECT
  area_row.area_level, area_row.area_code, cutoff.mpi_cutoff, area_row.mpi_indicator_no,
  'population_persons' AS figure,
  area_row.household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(area_row.person_count AS DECIMAL(18, 2)) AS amount
FROM area_row
CROSS JOIN cutoff
UNION ALL
SELECT
  area_row.area_level, area_row.area_code, cutoff.mpi_cutoff, area_row.mpi_indicator_no,
  'deprived_persons' AS figure,
  area_row.household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(area_row.person_count AS DECIMAL(18, 2)) AS amount
FROM area_row
CROSS JOIN cutoff
WHERE area_row.is_deprived
UNION ALL
SELECT
  area_row.area_level, area_row.area_code, cutoff.mpi_cutoff, area_row.mpi_indicator_no,
  'deprivation_missing_persons' AS figure,
  area_row.household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(area_row.person_count AS DECIMAL(18, 2)) AS amount
FROM area_row
CROSS JOIN cutoff
WHERE area_row.is_deprived IS NULL
UNION ALL
SELECT
  area_row.area_level, area_row.area_code, cutoff.mpi_cutoff, area_row.mpi_indicator_no,
  'deprived_poor_persons' AS figure,
  area_row.household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(area_row.person_count AS DECIMAL(18, 2)) AS amount
FROM area_row
CROSS JOIN cutoff
WHERE area_row.is_deprived AND area_row.score * cutoff.parts >= area_row.weight_total
