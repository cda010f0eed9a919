-- explain.return_monitoring_area
-- 返贫监测存量流量表每个数背后的监测对象户和建档立卡户。
-- Derived: monitored_share = stock_end ÷ registered_household_total
-- Inputs: mart.return_monitoring, mart.return_monitoring_area, core.registry_household, ref.workday, ref.feed_state, ref.run.
-- Limits: 口径同 mart.return_monitoring_area；record 为识别监测日期，建档户为空。只列表中有的区域。
WITH month AS (
  SELECT workday.day AS monitor_month, least(last_day(workday.day), run.as_of) AS month_end
  FROM ref.workday AS workday
  CROSS JOIN ref.run
  WHERE
    extract(DAY FROM workday.day) = 1
    AND workday.day > date_trunc('month', run.as_of) - INTERVAL 24 MONTH AND workday.day <= run.as_of
),
figure AS (
  SELECT household_id, village_code, monitor_month, CAST(monitored_date AS VARCHAR) AS record, 'stock_start' AS figure
  FROM mart.return_monitoring WHERE NOT is_taken_in
  UNION ALL
  SELECT household_id, village_code, monitor_month, CAST(monitored_date AS VARCHAR), 'taken_in' FROM mart.return_monitoring WHERE is_taken_in
  UNION ALL
  SELECT household_id, village_code, monitor_month, CAST(monitored_date AS VARCHAR), 'cleared' FROM mart.return_monitoring WHERE is_cleared
  UNION ALL
  SELECT household_id, village_code, monitor_month, CAST(monitored_date AS VARCHAR), 'stock_end' FROM mart.return_monitoring WHERE is_in_stock
  UNION ALL
  SELECT
    household_id, village_code, monitor_month, CAST(monitored_date AS VARCHAR),
    CASE monitored_kind_code WHEN '1' THEN 'unstable_count' WHEN '2' THEN 'edge_count' ELSE 'sudden_count' END
  FROM mart.return_monitoring WHERE is_in_stock
  UNION ALL
  SELECT household.household_id, household.village_code, month.monitor_month, NULL, 'registered_household_total'
  FROM core.registry_household AS household
  CROSS JOIN month
  INNER JOIN ref.feed_state AS state ON state.feed = 'registry_household'
  WHERE
    state.is_present AND NOT state.is_stale AND household.recorded_to = TIMESTAMP '9999-12-31 00:00:00'
    AND household.valid_from <= month.month_end AND household.valid_to > month.month_end
),
by_level AS (
  SELECT '村' AS area_level, figure.village_code AS area_code, figure.* FROM figure
  UNION ALL
  SELECT '乡' AS area_level, substr(figure.village_code, 1, 9) AS area_code, figure.* FROM figure
  UNION ALL
  SELECT '县' AS area_level, substr(figure.village_code, 1, 6) AS area_code, figure.* FROM figure
)
SELECT
  by_level.area_level,
  by_level.area_code,
  by_level.monitor_month,
  by_level.figure,
  by_level.household_id,
  CAST(NULL AS BIGINT) AS person_key,
  by_level.record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM by_level
INNER JOIN mart.return_monitoring_area AS told
  ON told.area_level = by_level.area_level AND told.area_code = by_level.area_code AND told.monitor_month = by_level.monitor_month
