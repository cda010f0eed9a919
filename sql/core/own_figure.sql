-- core.own_figure
-- 对账用的本平台数：每个对账指标在县、乡、村各是多少，取自已有的各专题表。
-- Grain: one row per figure, area level, area and period (时点指标只有一个期间，记为 1900-01-01；按月的为月份第一天，按年的为年份第一天).
-- 政策依据: 北委发〔2019〕5号 三(一)2 各部门信息与建档立卡信息有效对接。
-- Inputs: mart.headcount, mart.guarantee_coverage, mart.safety_net, mart.education_guarantee, mart.finance, mart.fund_year, mart.housing_safety,
--   core.safety_net_person, core.village_now, ref.feed_state, ref.county.
-- Limits: 指标见 sql/codes/reconcile_figure.csv。数据源未到或过期的为空，不是零。贷款余额只到乡、县，资金只到县。人均收入按各村农村户籍人口加权，有村没有收入
--   或人口的区域为空。区域“不详”为没有村代码的人、户、贷款，单列一行。
-- Tie-breaks: none (sums only).
WITH feed AS (
  SELECT
    coalesce(bool_or(feed = 'disability'), FALSE) AS has_disability,
    coalesce(bool_or(feed = 'village'), FALSE) AS has_village
  FROM ref.feed_state
  WHERE is_present AND NOT is_stale
),
certified AS (
  SELECT coalesce(village_code, '不详') AS village_code, count(*) AS certified_count
  FROM core.safety_net_person
  WHERE is_certified AND NOT is_dead
  GROUP BY coalesce(village_code, '不详')
),
certified_area AS (
  SELECT '村' AS area_level, village_code AS area_code, certified_count FROM certified
  UNION ALL
  SELECT '乡' AS area_level, substr(village_code, 1, 9) AS area_code, certified_count FROM certified
  UNION ALL
  SELECT '县' AS area_level, substr(village_code, 1, 6) AS area_code, certified_count FROM certified
),
lent AS (
  SELECT '乡' AS area_level, town_code AS area_code, report_month, area_balance_yuan FROM mart.finance
  UNION ALL
  SELECT '县' AS area_level, substr(town_code, 1, 6) AS area_code, report_month, area_balance_yuan FROM mart.finance
),
earned AS (
  SELECT '村' AS area_level, village_code AS area_code, income_per_head_yuan, rural_person_count FROM core.village_now
  UNION ALL
  SELECT '乡' AS area_level, substr(village_code, 1, 9) AS area_code, income_per_head_yuan, rural_person_count FROM core.village_now
  UNION ALL
  SELECT '县' AS area_level, substr(village_code, 1, 6) AS area_code, income_per_head_yuan, rural_person_count FROM core.village_now
),
earned_area AS (
  SELECT
    area_level, area_code,
    count(*) FILTER (WHERE income_per_head_yuan IS NULL OR rural_person_count IS NULL) AS untold,
    sum(rural_person_count) AS people,
    sum(income_per_head_yuan * rural_person_count) AS income_yuan
  FROM earned
  GROUP BY area_level, area_code
),
present AS (
  SELECT '01' AS figure_code, area_level, area_code, CAST(listed_households AS DECIMAL(24, 8)) AS own_value FROM mart.headcount
  UNION ALL
  SELECT '02' AS figure_code, area_level, area_code, CAST(listed_persons AS DECIMAL(24, 8)) AS own_value FROM mart.headcount
  UNION ALL
  SELECT '03' AS figure_code, area_level, area_code, CAST(poor_persons AS DECIMAL(24, 8)) AS own_value FROM mart.headcount
  UNION ALL
  SELECT '04' AS figure_code, area_level, area_code, CAST(rural_population AS DECIMAL(24, 8)) AS own_value FROM mart.headcount
  UNION ALL
  SELECT '05' AS figure_code, area_level, area_code, CAST(incidence AS DECIMAL(24, 8)) AS own_value FROM mart.headcount
  UNION ALL
  SELECT '06' AS figure_code, area_level, area_code, CAST(CASE WHEN covered + not_covered > 0 OR due = 0 THEN covered END AS DECIMAL(24, 8)) AS own_value
  FROM mart.guarantee_coverage
  WHERE dimension = '基本医疗'
  UNION ALL
  SELECT '07' AS figure_code, area_level, area_code, CAST(CASE WHEN covered + not_covered > 0 THEN rate END AS DECIMAL(24, 8)) AS own_value
  FROM mart.guarantee_coverage
  WHERE dimension = '基本医疗'
  UNION ALL
  SELECT '08' AS figure_code, area_level, area_code, CAST(registered_allowance + allowance_only AS DECIMAL(24, 8)) AS own_value FROM mart.safety_net
  UNION ALL
  SELECT '09' AS figure_code, area_level, area_code, CAST(hardship_count AS DECIMAL(24, 8)) AS own_value FROM mart.safety_net
  UNION ALL
  SELECT '10' AS figure_code, area.area_level, area.area_code, CAST(CASE WHEN feed.has_disability THEN sum(area.certified_count) END AS DECIMAL(24, 8)) AS own_value
  FROM certified_area AS area
  CROSS JOIN feed
  GROUP BY area.area_level, area.area_code, feed.has_disability
  UNION ALL
  SELECT '11' AS figure_code, area_level, area_code, CAST(aid_paid_count AS DECIMAL(24, 8)) AS own_value FROM mart.education_guarantee
  UNION ALL
  SELECT '12' AS figure_code, area_level, area_code, CAST(aid_paid_yuan AS DECIMAL(24, 8)) AS own_value FROM mart.education_guarantee
  UNION ALL
  SELECT '16' AS figure_code, area_level, area_code, CAST(renovation_completed_count AS DECIMAL(24, 8)) AS own_value FROM mart.housing_safety
  UNION ALL
  SELECT
    '17' AS figure_code, earned.area_level, earned.area_code,
    CAST(CASE WHEN feed.has_village AND earned.untold = 0 AND earned.people > 0 THEN CAST(earned.income_yuan AS DOUBLE) / earned.people END AS DECIMAL(24, 8))
      AS own_value
  FROM earned_area AS earned
  CROSS JOIN feed
)
SELECT figure_code, area_level, area_code, DATE '1900-01-01' AS own_period, own_value
FROM present
UNION ALL
SELECT '13' AS figure_code, area_level, area_code, report_month AS own_period, CAST(sum(area_balance_yuan) AS DECIMAL(24, 8)) AS own_value
FROM lent
GROUP BY area_level, area_code, report_month
UNION ALL
SELECT '14' AS figure_code, '县' AS area_level, county.county_code AS area_code, make_date(CAST(fund.fund_year AS INTEGER), 1, 1) AS own_period,
  CAST(fund.allotted_yuan AS DECIMAL(24, 8)) AS own_value
FROM mart.fund_year AS fund
CROSS JOIN ref.county AS county
UNION ALL
SELECT '15' AS figure_code, '县' AS area_level, county.county_code AS area_code, make_date(CAST(fund.fund_year AS INTEGER), 1, 1) AS own_period,
  CAST(fund.fund_paid_yuan AS DECIMAL(24, 8)) AS own_value
FROM mart.fund_year AS fund
CROSS JOIN ref.county AS county
