-- mart.return_monitoring_area
-- 返贫监测存量和流量：县、乡、村三级，近二十四个月每月月初在测、新纳入、消除、月末在测的户数，分类型，占建档立卡户的比例。
-- Grain: one row per area level, area and month.
-- 政策依据: 国开发〔2020〕6号：监测对象规模一般为建档立卡人口的 5% 左右；中农组发〔2021〕7号。
-- Inputs: mart.return_monitoring, core.registry_household, ref.county, ref.workday, ref.feed_state, ref.run, ref.area.
-- Limits: 恒等式: stock_end = stock_start + taken_in − cleared；stock_end = unstable_count + edge_count + sudden_count。监测数据未到或过期时各数为空、
--   verdict 为无法判定，不记零。建档户数为月末有效的登记，那时还没有数据的为空；monitored_share = stock_end ÷ registered_household_count，分母为零或空时为空。
--   县每月都有一行；乡、村只列二十四个月里有过监测对象的，没有列的就是没有。
-- Tie-breaks: none (counts only).
WITH feed AS (
  SELECT
    coalesce(bool_or(feed = 'monitored_household'), FALSE) AS has_monitored,
    coalesce(bool_or(feed = 'registry_household'), FALSE) AS has_registry
  FROM ref.feed_state
  WHERE is_present AND NOT is_stale
),
month AS (
  SELECT workday.day AS monitor_month, least(last_day(workday.day), run.as_of) AS month_end
  FROM ref.workday AS workday
  CROSS JOIN ref.run
  WHERE
    extract(DAY FROM workday.day) = 1
    AND workday.day > date_trunc('month', run.as_of) - INTERVAL 24 MONTH AND workday.day <= run.as_of
),
village_count AS (
  SELECT
    village_code,
    monitor_month,
    count(*) FILTER (WHERE NOT is_taken_in) AS stock_start,
    count(*) FILTER (WHERE is_taken_in) AS taken_in,
    count(*) FILTER (WHERE is_cleared) AS cleared,
    count(*) FILTER (WHERE is_in_stock) AS stock_end,
    count(*) FILTER (WHERE is_in_stock AND monitored_kind_code = '1') AS unstable_count,
    count(*) FILTER (WHERE is_in_stock AND monitored_kind_code = '2') AS edge_count,
    count(*) FILTER (WHERE is_in_stock AND monitored_kind_code = '3') AS sudden_count
  FROM mart.return_monitoring
  GROUP BY village_code, monitor_month
),
counted AS (
  SELECT '村' AS area_level, village_code AS area_code, monitor_month, stock_start, taken_in, cleared, stock_end, unstable_count, edge_count, sudden_count
  FROM village_count
  UNION ALL
  SELECT '乡', substr(village_code, 1, 9), monitor_month, stock_start, taken_in, cleared, stock_end, unstable_count, edge_count, sudden_count
  FROM village_count
  UNION ALL
  SELECT '县', substr(village_code, 1, 6), monitor_month, stock_start, taken_in, cleared, stock_end, unstable_count, edge_count, sudden_count
  FROM village_count
),
summed AS (
  SELECT
    area_level, area_code, monitor_month,
    sum(stock_start) AS stock_start, sum(taken_in) AS taken_in, sum(cleared) AS cleared, sum(stock_end) AS stock_end,
    sum(unstable_count) AS unstable_count, sum(edge_count) AS edge_count, sum(sudden_count) AS sudden_count
  FROM counted
  GROUP BY area_level, area_code, monitor_month
),
registered_village AS (
  SELECT household.village_code, month.monitor_month, count(*) AS households
  FROM core.registry_household AS household
  CROSS JOIN month
  WHERE
    household.recorded_to = TIMESTAMP '9999-12-31 00:00:00'
    AND household.valid_from <= month.month_end AND household.valid_to > month.month_end
  GROUP BY household.village_code, month.monitor_month
),
registered_month AS (
  SELECT monitor_month, sum(households) AS households
  FROM registered_village
  GROUP BY monitor_month
),
registered AS (
  SELECT area_level, area_code, monitor_month, sum(households) AS households
  FROM (
    SELECT '村' AS area_level, village_code AS area_code, monitor_month, households FROM registered_village
    UNION ALL
    SELECT '乡' AS area_level, substr(village_code, 1, 9) AS area_code, monitor_month, households FROM registered_village
    UNION ALL
    SELECT '县' AS area_level, substr(village_code, 1, 6) AS area_code, monitor_month, households FROM registered_village
  ) AS by_level
  GROUP BY area_level, area_code, monitor_month
),
area AS (
  SELECT area_level, area_code FROM summed
  UNION
  SELECT '县' AS area_level, county_code AS area_code FROM ref.county
),
told AS (
  SELECT
    area.area_level, area.area_code, area_name.area, month.monitor_month, feed.has_monitored,
    coalesce(summed.stock_start, 0) AS stock_start, coalesce(summed.taken_in, 0) AS taken_in, coalesce(summed.cleared, 0) AS cleared,
    coalesce(summed.stock_end, 0) AS stock_end, coalesce(summed.unstable_count, 0) AS unstable_count, coalesce(summed.edge_count, 0) AS edge_count,
    coalesce(summed.sudden_count, 0) AS sudden_count,
    CASE WHEN feed.has_registry AND registered_month.households > 0 THEN coalesce(registered.households, 0) END AS households
  FROM area
  CROSS JOIN month
  CROSS JOIN feed
  LEFT JOIN ref.area AS area_name ON area_name.area_level = area.area_level AND area_name.area_code = area.area_code
  LEFT JOIN summed
    ON summed.area_level = area.area_level AND summed.area_code = area.area_code AND summed.monitor_month = month.monitor_month
  LEFT JOIN registered
    ON registered.area_level = area.area_level AND registered.area_code = area.area_code AND registered.monitor_month = month.monitor_month
  LEFT JOIN registered_month ON registered_month.monitor_month = month.monitor_month
)
SELECT
  area_level,
  area_code,
  area,
  monitor_month,
  CASE WHEN has_monitored THEN '已报送' ELSE '无法判定' END AS monitoring_state,
  CASE WHEN has_monitored THEN CAST(stock_start AS BIGINT) END AS stock_start,
  CASE WHEN has_monitored THEN CAST(taken_in AS BIGINT) END AS taken_in,
  CASE WHEN has_monitored THEN CAST(cleared AS BIGINT) END AS cleared,
  CASE WHEN has_monitored THEN CAST(stock_end AS BIGINT) END AS stock_end,
  CASE WHEN has_monitored THEN CAST(unstable_count AS BIGINT) END AS unstable_count,
  CASE WHEN has_monitored THEN CAST(edge_count AS BIGINT) END AS edge_count,
  CASE WHEN has_monitored THEN CAST(sudden_count AS BIGINT) END AS sudden_count,
  CAST(households AS BIGINT) AS registered_household_total,
  CASE WHEN has_monitored AND households > 0 THEN CAST(CAST(stock_end AS DOUBLE) / households AS DECIMAL(12, 8)) END AS monitored_share
FROM told
