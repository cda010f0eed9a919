-- mart.poverty_cause
-- 致贫原因：县、乡、村三级，每种原因作为主要、次要原因的户数，其中主要原因与家庭实际情况相符的比例。
-- Grain: one row per area level, area and cause, on the run date.
-- 政策依据: 北委发〔2019〕5号 三(一)1 精准识别；建档立卡指标（主要、次要致贫原因）。
-- Inputs: core.stated_cause, ref.run, ref.area.
-- Limits: 核对不了的不在 checked_households 之内，口径见 core.stated_cause。恒等式: 各原因 main_households 之和 = 填了主要原因的户数。
-- Tie-breaks: none (counts only).
WITH village_cause AS (
  SELECT
    village_code, cause_code, cause,
    count(*) FILTER (WHERE is_main) AS main_households,
    count(*) FILTER (WHERE is_main AND is_poor) AS main_poor_households,
    count(*) FILTER (WHERE is_secondary) AS secondary_households,
    count(*) FILTER (WHERE is_main AND is_consistent IS NOT NULL) AS checked_households,
    count(*) FILTER (WHERE is_main AND is_consistent) AS consistent_households
  FROM core.stated_cause
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
