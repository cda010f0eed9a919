-- explain.headcount
-- 贫困状况的每个数是哪些人、哪些户。
-- Inputs: mart.person_status, mart.household_status, mart.village_incidence, core.exit_finding_now, ref.run.
-- Limits: 农村户籍人口列到村的数，名单用 village_incidence 的 denominator 列出。
-- Derived: poor_persons = not_exited_persons + returned_persons; incidence = poor_persons ÷ rural_population; poverty_line_yuan = 当年标准
-- Derived: comprehensive_incidence = (poor_persons + missed_persons + wrongly_exited_persons) ÷ rural_population
WITH person AS (
  SELECT
    coalesce(status.village_code, '不详') AS village_code, status.household_id, status.person_key, status.poverty_status_code, status.is_poor,
    household.identified_year = extract(YEAR FROM run.as_of) AS is_newly_listed
  FROM mart.person_status AS status
  CROSS JOIN ref.run AS run
  LEFT JOIN mart.household_status AS household ON household.household_id = status.household_id
),
household AS (
  SELECT coalesce(village_code, '不详') AS village_code, household_id, is_poor FROM mart.household_status
),
finding AS (
  SELECT DISTINCT
    coalesce(found.village_code, '不详') AS village_code, found.household_id, found.person_key, found.finding_kind_code
  FROM core.exit_finding_now AS found
  LEFT JOIN mart.person_status AS status ON status.person_key = found.person_key
  WHERE NOT coalesce(found.is_corrected, FALSE) AND NOT coalesce(status.is_poor, FALSE)
),
village AS (
  SELECT village_code, denominator FROM mart.village_incidence WHERE denominator IS NOT NULL
),
person_row AS (
  SELECT '村' AS area_level, village_code AS area_code, person.* FROM person
  UNION ALL
  SELECT '乡' AS area_level, substr(village_code, 1, 9) AS area_code, person.* FROM person
  UNION ALL
  SELECT '县' AS area_level, substr(village_code, 1, 6) AS area_code, person.* FROM person
),
household_row AS (
  SELECT '村' AS area_level, village_code AS area_code, household.* FROM household
  UNION ALL
  SELECT '乡' AS area_level, substr(village_code, 1, 9) AS area_code, household.* FROM household
  UNION ALL
  SELECT '县' AS area_level, substr(village_code, 1, 6) AS area_code, household.* FROM household
),
finding_row AS (
  SELECT '村' AS area_level, village_code AS area_code, finding.* FROM finding
  UNION ALL
  SELECT '乡' AS area_level, substr(village_code, 1, 9) AS area_code, finding.* FROM finding
  UNION ALL
  SELECT '县' AS area_level, substr(village_code, 1, 6) AS area_code, finding.* FROM finding
),
village_row AS (
  SELECT '村' AS area_level, village_code AS area_code, village.* FROM village
  UNION ALL
  SELECT '乡' AS area_level, substr(village_code, 1, 9) AS area_code, village.* FROM village
  UNION ALL
  SELECT '县' AS area_level, substr(village_code, 1, 6) AS area_code, village.* FROM village
)
SELECT
  area_level, area_code,
  'listed_households' AS figure,
  household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM household_row
WHERE TRUE
UNION ALL
SELECT
  area_level, area_code,
  'poor_households' AS figure,
  household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM household_row
WHERE is_poor
UNION ALL
SELECT
  area_level, area_code,
  'listed_persons' AS figure,
  household_id,
  person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM person_row
WHERE TRUE
UNION ALL
SELECT
  area_level, area_code,
  'not_exited_persons' AS figure,
  household_id,
  person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM person_row
WHERE poverty_status_code IN ('0', '2')
UNION ALL
SELECT
  area_level, area_code,
  'returned_persons' AS figure,
  household_id,
  person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM person_row
WHERE poverty_status_code = '3'
UNION ALL
SELECT
  area_level, area_code,
  'exited_enjoying_persons' AS figure,
  household_id,
  person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM person_row
WHERE poverty_status_code = '1'
UNION ALL
SELECT
  area_level, area_code,
  'exited_released_persons' AS figure,
  household_id,
  person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM person_row
WHERE poverty_status_code = '4'
UNION ALL
SELECT
  area_level, area_code,
  'unknown_count' AS figure,
  household_id,
  person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM person_row
WHERE is_poor IS NULL
UNION ALL
SELECT
  area_level, area_code,
  'newly_listed_persons' AS figure,
  household_id,
  person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM person_row
WHERE is_newly_listed
UNION ALL
SELECT
  area_level, area_code,
  'missed_persons' AS figure,
  household_id,
  person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM finding_row
WHERE finding_kind_code = '1'
UNION ALL
SELECT
  area_level, area_code,
  'wrongly_exited_persons' AS figure,
  household_id,
  person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM finding_row
WHERE finding_kind_code = '2'
UNION ALL
SELECT
  area_level, area_code,
  'rural_population' AS figure,
  CAST(NULL AS VARCHAR) AS household_id,
  CAST(NULL AS BIGINT) AS person_key,
  village_code AS record,
  CAST(denominator AS DECIMAL(18, 2)) AS amount
FROM village_row
