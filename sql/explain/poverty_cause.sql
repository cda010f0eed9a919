-- explain.poverty_cause
-- 每种致贫原因是哪些户，核对过、相符的又是哪些户。
-- Inputs: core.registry_household_now, core.registry_person_now, ref.poverty_status.
-- Limits: 相符只是登记内部一致。
-- Derived: consistent_share = consistent_households ÷ checked_households; stat_year = 运行日所在年
WITH evidence AS (
  SELECT
    household_id,
    count(*) FILTER (WHERE health_code IN ('02', '03', '05', '06', '07')) AS ill,
    count(*) FILTER (WHERE health_code IN ('04', '05', '06')) AS disabled,
    count(*) FILTER (WHERE health_code IS NULL) AS health_unknown,
    count(*) FILTER (WHERE student_status_code >= '07') AS students,
    count(*) FILTER (WHERE student_status_code IS NULL) AS study_unknown,
    count(*) FILTER (WHERE labour_code IN ('01', '02')) AS able,
    count(*) FILTER (WHERE labour_code IS NULL) AS labour_unknown
  FROM core.registry_person_now
  GROUP BY household_id
),
household AS (
  SELECT
    household.household_id, coalesce(household.village_code, '不详') AS village_code, household.main_cause_code, household.other_causes,
    coalesce(poverty_status.is_poor, FALSE) AS is_poor,
    CASE household.main_cause_code
      WHEN '01' THEN CASE WHEN evidence.ill > 0 THEN TRUE WHEN evidence.health_unknown = 0 THEN FALSE END
      WHEN '02' THEN CASE WHEN evidence.disabled > 0 THEN TRUE WHEN evidence.health_unknown = 0 THEN FALSE END
      WHEN '03' THEN CASE WHEN evidence.students > 0 THEN TRUE WHEN evidence.study_unknown = 0 THEN FALSE END
      WHEN '08' THEN CASE WHEN evidence.able >= 3 THEN FALSE WHEN evidence.labour_unknown = 0 THEN TRUE END
    END AS is_consistent
  FROM core.registry_household_now AS household
  LEFT JOIN evidence ON evidence.household_id = household.household_id
  LEFT JOIN ref.poverty_status AS poverty_status ON poverty_status.poverty_status_code = household.poverty_status_code
),
cause AS (
  SELECT '01' AS cause_code, '因病' AS cause
  UNION ALL
  SELECT '02', '因残'
  UNION ALL
  SELECT '03', '因学'
  UNION ALL
  SELECT '04', '因灾'
  UNION ALL
  SELECT '05', '缺土地'
  UNION ALL
  SELECT '06', '缺水'
  UNION ALL
  SELECT '07', '缺技术'
  UNION ALL
  SELECT '08', '缺劳力'
  UNION ALL
  SELECT '09', '缺资金'
  UNION ALL
  SELECT '10', '交通条件落后'
  UNION ALL
  SELECT '11', '自身发展动力不足'
  UNION ALL
  SELECT '99', '其他'
),
reason AS (
  SELECT
    household.village_code, household.household_id, cause.cause_code, cause.cause,
    coalesce(household.main_cause_code = cause.cause_code, FALSE) AS is_main,
    coalesce(household.other_causes LIKE '%' || cause.cause || '%', FALSE) AS is_secondary,
    household.is_poor, household.is_consistent
  FROM household
  CROSS JOIN cause
  WHERE household.main_cause_code = cause.cause_code OR household.other_causes LIKE '%' || cause.cause || '%'
),
area_row AS (
  SELECT '村' AS area_level, village_code AS area_code, reason.* FROM reason
  UNION ALL
  SELECT '乡' AS area_level, substr(village_code, 1, 9) AS area_code, reason.* FROM reason
  UNION ALL
  SELECT '县' AS area_level, substr(village_code, 1, 6) AS area_code, reason.* FROM reason
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
