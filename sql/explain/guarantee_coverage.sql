-- explain.guarantee_coverage
-- 两不愁三保障覆盖表每个数字背后的人或户：按区域、保障项目逐一列出，列出的行数等于表中的数。
-- Inputs: mart.person_status, mart.household_status.
-- Limits: 人的项目一人一行，户的项目一户一行；record 为判定依据或状态。
-- Derived: rate = covered ÷ due; dimension_no = 项目的固定序号
WITH state AS (
  SELECT coalesce(village_code, '不详') AS village_code, '义务教育' AS dimension, household_id, person_key, schooling_state AS state, schooling_basis AS record
  FROM mart.person_status
  UNION ALL
  SELECT coalesce(village_code, '不详') AS village_code, '基本医疗' AS dimension, household_id, person_key, health_insurance_state AS state, health_insurance_basis AS record
  FROM mart.person_status
  UNION ALL
  SELECT coalesce(village_code, '不详') AS village_code, '养老保险' AS dimension, household_id, person_key, pension_state AS state, pension_basis AS record
  FROM mart.person_status
  UNION ALL
  SELECT coalesce(village_code, '不详') AS village_code, '不愁吃' AS dimension, household_id, CAST(NULL AS BIGINT) AS person_key, food_state AS state, food_state AS record
  FROM mart.household_status
  UNION ALL
  SELECT coalesce(village_code, '不详') AS village_code, '不愁穿' AS dimension, household_id, CAST(NULL AS BIGINT) AS person_key, clothing_state AS state, clothing_state AS record
  FROM mart.household_status
  UNION ALL
  SELECT coalesce(village_code, '不详') AS village_code, '饮水安全' AS dimension, household_id, CAST(NULL AS BIGINT) AS person_key, water_state AS state, water_state AS record
  FROM mart.household_status
  UNION ALL
  SELECT coalesce(village_code, '不详') AS village_code, '住房安全' AS dimension, household_id, CAST(NULL AS BIGINT) AS person_key, housing_state AS state, housing_basis AS record
  FROM mart.household_status
),
listed AS (
  SELECT village_code, dimension, 'total' AS figure, household_id AS household_id, person_key AS person_key, record AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM state
  UNION ALL
  SELECT village_code, dimension, 'due' AS figure, household_id AS household_id, person_key AS person_key, record AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM state
  WHERE state <> '不适用'
  UNION ALL
  SELECT village_code, dimension, 'covered' AS figure, household_id AS household_id, person_key AS person_key, record AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM state
  WHERE state = '有'
  UNION ALL
  SELECT village_code, dimension, 'not_covered' AS figure, household_id AS household_id, person_key AS person_key, record AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM state
  WHERE state = '无'
  UNION ALL
  SELECT village_code, dimension, 'not_applicable' AS figure, household_id AS household_id, person_key AS person_key, record AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM state
  WHERE state = '不适用'
  UNION ALL
  SELECT village_code, dimension, 'no_data' AS figure, household_id AS household_id, person_key AS person_key, record AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM state
  WHERE state NOT IN ('有', '无', '不适用')
)
SELECT
  '村' AS area_level,
  listed.village_code AS area_code,
  listed.dimension,
  listed.figure,
  listed.household_id,
  listed.person_key,
  listed.record,
  CAST(listed.amount AS DECIMAL(18, 2)) AS amount
FROM listed
UNION ALL
SELECT
  '乡' AS area_level,
  substr(listed.village_code, 1, 9) AS area_code,
  listed.dimension,
  listed.figure,
  listed.household_id,
  listed.person_key,
  listed.record,
  CAST(listed.amount AS DECIMAL(18, 2)) AS amount
FROM listed
UNION ALL
SELECT
  '县' AS area_level,
  substr(listed.village_code, 1, 6) AS area_code,
  listed.dimension,
  listed.figure,
  listed.household_id,
  listed.person_key,
  listed.record,
  CAST(listed.amount AS DECIMAL(18, 2)) AS amount
FROM listed
