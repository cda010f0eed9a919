-- core.stated_cause
-- 每户登记了哪些致贫原因，主要的还是次要的，主要原因与登记的成员情况是否相符。
-- Grain: one row per household and cause that it states.
-- Scope: household_id
-- 政策依据: 北委发〔2019〕5号 三(一)1 精准识别；建档立卡指标（主要、次要致贫原因）。
-- Inputs: core.registry_household_now, core.registry_person_now, ref.poverty_status.
-- Limits: 只有因病（有人患病）、因残（有残疾人）、因学（有高中及以上在校生）、缺劳力（劳动力不足 3 人）能对照成员情况核对；核对不了的 is_consistent 为空。
--   相符只是登记内部一致，不是核实。次要原因按文字识别。没有村的户 village_code 为“不详”。
-- Tie-breaks: none; the registry has one row per household.
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
)
SELECT
  household.village_code, household.household_id, cause.cause_code, cause.cause,
  coalesce(household.main_cause_code = cause.cause_code, FALSE) AS is_main,
  coalesce(household.other_causes LIKE '%' || cause.cause || '%', FALSE) AS is_secondary,
  household.is_poor, household.is_consistent
FROM household
CROSS JOIN cause
WHERE household.main_cause_code = cause.cause_code OR household.other_causes LIKE '%' || cause.cause || '%'
