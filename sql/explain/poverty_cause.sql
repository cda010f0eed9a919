-- explain.poverty_cause
-- 每种致贫原因是哪些户，核对过、相符的又是哪些户。
-- Inputs: core.stated_cause.
-- Limits: 相符只是登记内部一致。
-- Derived: consistent_share = consistent_households ÷ checked_households; stat_year = 运行日所在年
WITH area_row AS (
  SELECT '村' AS area_level, village_code AS area_code, stated_cause.* FROM core.stated_cause AS stated_cause
  UNION ALL
  SELECT '乡' AS area_level, substr(village_code, 1, 9) AS area_code, stated_cause.* FROM core.stated_cause AS stated_cause
  UNION ALL
  SELECT '县' AS area_level, substr(village_code, 1, 6) AS area_code, stated_cause.* FROM core.stated_cause AS stated_cause
)
SELECT
  area_level, area_code, cause_code,
  'main_households' AS figure,
  household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM area_row
WHERE is_main
UNION ALL
SELECT
  area_level, area_code, cause_code,
  'main_poor_households' AS figure,
  household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM area_row
WHERE is_main AND is_poor
UNION ALL
SELECT
  area_level, area_code, cause_code,
  'secondary_households' AS figure,
  household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM area_row
WHERE is_secondary
UNION ALL
SELECT
  area_level, area_code, cause_code,
  'checked_households' AS figure,
  household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM area_row
WHERE is_main AND is_consistent IS NOT NULL
UNION ALL
SELECT
  area_level, area_code, cause_code,
  'consistent_households' AS figure,
  household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM area_row
WHERE is_main AND is_consistent
