-- explain.archive_coverage
-- 每个数各是哪些单位的档案。
-- Inputs: core.archive_due.
-- Limits: record 为乡、村、县的区划代码，项目档案为项目编号，户级档案为空（见户）。
-- Derived: archive_share = archive_sound_count ÷ archive_due_count
WITH area_row AS (
  SELECT '村' AS area_level, village_code AS area_code, archive_due.* FROM core.archive_due AS archive_due WHERE village_code IS NOT NULL
  UNION ALL
  SELECT '乡' AS area_level, town_code AS area_code, archive_due.* FROM core.archive_due AS archive_due WHERE town_code IS NOT NULL
  UNION ALL
  SELECT '县' AS area_level, county_code AS area_code, archive_due.* FROM core.archive_due AS archive_due
)
SELECT
  area_level, area_code, archive_level_code, archive_type_code, archive_year,
  'archive_due_count' AS figure,
  household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CASE WHEN household_id IS NULL THEN unit_no END AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM area_row
UNION ALL
SELECT
  area_level, area_code, archive_level_code, archive_type_code, archive_year,
  'archive_sound_count' AS figure,
  household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CASE WHEN household_id IS NULL THEN unit_no END AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM area_row
WHERE document_state = '完好'
UNION ALL
SELECT
  area_level, area_code, archive_level_code, archive_type_code, archive_year,
  'archive_missing_count' AS figure,
  household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CASE WHEN household_id IS NULL THEN unit_no END AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM area_row
WHERE document_state = '未归档'
UNION ALL
SELECT
  area_level, area_code, archive_level_code, archive_type_code, archive_year,
  'archive_failed_count' AS figure,
  household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CASE WHEN household_id IS NULL THEN unit_no END AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM area_row
WHERE document_state IN ('校验失败', '文件缺失')
UNION ALL
SELECT
  area_level, area_code, archive_level_code, archive_type_code, archive_year,
  'archive_empty_count' AS figure,
  household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CASE WHEN household_id IS NULL THEN unit_no END AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM area_row
WHERE document_state = '页数为零'
UNION ALL
SELECT
  area_level, area_code, archive_level_code, archive_type_code, archive_year,
  'archive_shared_count' AS figure,
  household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CASE WHEN household_id IS NULL THEN unit_no END AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM area_row
WHERE document_state = '与他户相同'
UNION ALL
SELECT
  area_level, area_code, archive_level_code, archive_type_code, archive_year,
  'archive_checked_count' AS figure,
  household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CASE WHEN household_id IS NULL THEN unit_no END AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM area_row
WHERE document_state IS NOT NULL AND checked_date IS NOT NULL
