-- explain.multidimensional_poverty
-- 人数由哪些户、每户几人相加；多维贫困的又是哪些户。
-- Inputs: core.deprivation_score.
-- Limits: amount 为户的人数。
-- Derived: mpi_headcount = mpi_poor_persons ÷ population_persons; mpi_intensity = 贫困者加权剥夺份额的平均; mpi_m0 = mpi_headcount × mpi_intensity
-- Derived: mpi_missing_share = 缺失权重 ÷ 全部权重; mpi_headcount_upper = 缺失全算剥夺时的 H; mpi_m0_upper = 缺失全算剥夺时的 M0
WITH cutoff AS (
  SELECT '1/4' AS mpi_cutoff, 4 AS parts
  UNION ALL
  SELECT '1/3' AS mpi_cutoff, 3 AS parts
  UNION ALL
  SELECT '1/2' AS mpi_cutoff, 2 AS parts
),
area_row AS (
  SELECT '村' AS area_level, village_code AS area_code, unit.* FROM core.deprivation_score AS unit
  UNION ALL
  SELECT '乡' AS area_level, substr(village_code, 1, 9) AS area_code, unit.* FROM core.deprivation_score AS unit
  UNION ALL
  SELECT '县' AS area_level, substr(village_code, 1, 6) AS area_code, unit.* FROM core.deprivation_score AS unit
)
SELECT
  area_row.area_level, area_row.area_code, cutoff.mpi_cutoff,
  'population_persons' AS figure,
  area_row.household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(area_row.person_count AS DECIMAL(18, 2)) AS amount
FROM area_row
CROSS JOIN cutoff
UNION ALL
SELECT
  area_row.area_level, area_row.area_code, cutoff.mpi_cutoff,
  'mpi_poor_persons' AS figure,
  area_row.household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(area_row.score AS VARCHAR) || '/' || CAST(area_row.weight_total AS VARCHAR) AS record,
  CAST(area_row.person_count AS DECIMAL(18, 2)) AS amount
FROM area_row
CROSS JOIN cutoff
WHERE area_row.score * cutoff.parts >= area_row.weight_total
