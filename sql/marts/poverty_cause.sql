-- mart.poverty_cause
-- 致贫原因：县、乡、村三级，每种原因作为主要、次要原因的户数，其中主要原因与家庭实际情况相符的比例。
-- Grain: one row per area level, area and cause, on the run date.
-- 政策依据: 北委发〔2019〕5号 三(一)1 精准识别；建档立卡指标（主要、次要致贫原因）。
-- Inputs: core.registry_household_now, core.registry_person_now, ref.poverty_status, ref.run, ref.area.
-- Limits: 只有因病（有人患病）、因残（有残疾人）、因学（有高中及以上在校生）、缺劳力（劳动力不足 3 人）能对照成员情况核对；核对不了的不在 checked_households 之内。
--   相符只是登记内部一致，不是核实。恒等式: 各原因 main_households 之和 = 填了主要原因的户数。次要原因按文字识别。
-- Tie-breaks: none (counts only).
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
village_cause AS (
  SELECT
    village_code, cause_code, cause,
    count(*) FILTER (WHERE is_main) AS main_households,
    count(*) FILTER (WHERE is_main AND is_poor) AS main_poor_households,
    count(*) FILTER (WHERE is_secondary) AS secondary_households,
    count(*) FILTER (WHERE is_main AND is_consistent IS NOT NULL) AS checked_households,
    count(*) FILTER (WHERE is_main AND is_consistent) AS consistent_households
  FROM reason
  GROUP BY village_code, cause_code, cause
),
area_row AS (
  SELECT '村' AS area_level, village_code AS area_code, village_cause.* FROM village_cause
  UNION ALL
  SELECT '乡' AS area_level, substr(village_code, 1, 9) AS area_code, village_cause.* FROM village_cause
  UNION ALL
  SELECT '县' AS area_level, substr(village_code, 1, 6) AS area_code, village_cause.* FROM village_cause
),
summed AS (
  SELECT
    area_level, area_code, cause_code, cause,
    CAST(sum(main_households) AS BIGINT) AS main_households,
    CAST(sum(main_poor_households) AS BIGINT) AS main_poor_households,
    CAST(sum(secondary_households) AS BIGINT) AS secondary_households,
    CAST(sum(checked_households) AS BIGINT) AS checked_households,
    CAST(sum(consistent_households) AS BIGINT) AS consistent_households
  FROM area_row
  GROUP BY area_level, area_code, cause_code, cause
)
SELECT
  summed.area_level,
  summed.area_code,
  area_name.area,
  CAST(extract(YEAR FROM run.as_of) AS BIGINT) AS stat_year,
  summed.cause_code,
  summed.cause,
  summed.main_households,
  summed.main_poor_households,
  summed.secondary_households,
  summed.checked_households,
  summed.consistent_households,
  CASE
    WHEN summed.checked_households > 0
      THEN CAST(CAST(summed.consistent_households AS DOUBLE) / summed.checked_households AS DECIMAL(12, 8))
  END AS consistent_share
FROM summed
CROSS JOIN ref.run AS run
LEFT JOIN ref.area AS area_name ON area_name.area_level = summed.area_level AND area_name.area_code = summed.area_code
