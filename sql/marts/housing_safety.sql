-- mart.housing_safety
-- 住房安全：县、乡、村三级，建档立卡户现住房等级，D 级户安排到哪一步，改造补助、自筹、入住率和档案完整率。
-- Grain: one row per area level and area.
-- 政策依据: 北委发〔2019〕5号 二(一)4 “D级危房翻建、无房新建…逐户解决”“一户一档…四级档案留存”；建村〔2017〕192号。
-- Inputs: core.registry_household_now, core.house, core.renovation, ref.feed_state, ref.area.
-- Limits: 只统计建档立卡户。恒等式：house_household_count = A、B 级 + C 级 + D 级 + 没有鉴定报告；d_household_count = 已竣工入住 + 施工 + 已列计划 + 其他安置 + 未安排。
--   D 级户含曾评为 D 级而已经改造的，所以多于现住房 D 级的户；五种安排怎样判断见 core.house，施工含竣工未入住。改造各列按改造档案计，一户两次改造计两份；
--   入住率 = 已入住 ÷ 已竣工，档案完整率 = 齐全 ÷ 档案数，自筹平均只算填了自筹的。鉴定或改造数据未到则有关各列为空，不是零。
-- Tie-breaks: none (counts and sums only).
WITH feed AS (
  SELECT
    coalesce(bool_or(feed = 'housing_assessment'), FALSE) AS has_assessment,
    coalesce(bool_or(feed = 'housing_renovation'), FALSE) AS has_renovation
  FROM ref.feed_state
  WHERE is_present AND NOT is_stale
),
household AS (
  SELECT
    household.household_id,
    'R' || household.household_id AS family_key,
    coalesce(household.village_code, '不详') AS village_code
  FROM core.registry_household_now AS household
),
house_count AS (
  SELECT
    household.village_code,
    count(*) AS house_household_count,
    count(*) FILTER (WHERE house.grade_code IN ('A', 'B')) AS house_safe_count,
    count(*) FILTER (WHERE house.grade_code = 'C') AS house_c_count,
    count(*) FILTER (WHERE house.grade_code = 'D') AS house_d_count,
    count(*) FILTER (WHERE house.grade_code IS NULL) AS house_unassessed_count,
    count(*) FILTER (WHERE house.is_d_family) AS d_household_count,
    count(*) FILTER (WHERE house.arrangement = '已竣工入住') AS d_moved_in_count,
    count(*) FILTER (WHERE house.arrangement = '施工') AS d_under_way_count,
    count(*) FILTER (WHERE house.arrangement = '已列计划') AS d_planned_count,
    count(*) FILTER (WHERE house.arrangement = '其他安置') AS d_rehoused_count,
    count(*) FILTER (WHERE house.arrangement = '未安排') AS d_unarranged_count
  FROM household
  LEFT JOIN core.house AS house ON house.family_key = household.family_key
  GROUP BY household.village_code
),
renovation_count AS (
  SELECT
    household.village_code,
    count(*) AS renovation_count,
    count(renovation.completed_date) AS renovation_completed_count,
    count(CASE WHEN renovation.completed_date IS NOT NULL THEN renovation.moved_in_date END) AS renovation_moved_in_count,
    count(*) FILTER (WHERE renovation.is_archive_complete) AS archive_complete_count,
    count(renovation.self_raised_yuan) AS self_raised_count,
    sum(renovation.subsidy_total_yuan) AS renovation_subsidy_yuan,
    sum(renovation.self_raised_yuan) AS renovation_self_raised_yuan
  FROM household
  INNER JOIN core.renovation AS renovation ON renovation.family_key = household.family_key
  GROUP BY household.village_code
),
village_count AS (
  SELECT
    house_count.village_code,
    house_count.house_household_count,
    house_count.house_safe_count,
    house_count.house_c_count,
    house_count.house_d_count,
    house_count.house_unassessed_count,
    house_count.d_household_count,
    house_count.d_moved_in_count,
    house_count.d_under_way_count,
    house_count.d_planned_count,
    house_count.d_rehoused_count,
    house_count.d_unarranged_count,
    coalesce(renovation_count.renovation_count, 0) AS renovation_count,
    coalesce(renovation_count.renovation_completed_count, 0) AS renovation_completed_count,
    coalesce(renovation_count.renovation_moved_in_count, 0) AS renovation_moved_in_count,
    coalesce(renovation_count.archive_complete_count, 0) AS archive_complete_count,
    coalesce(renovation_count.self_raised_count, 0) AS self_raised_count,
    coalesce(renovation_count.renovation_subsidy_yuan, 0) AS renovation_subsidy_yuan,
    coalesce(renovation_count.renovation_self_raised_yuan, 0) AS renovation_self_raised_yuan
  FROM house_count
  LEFT JOIN renovation_count ON renovation_count.village_code = house_count.village_code
),
area_count AS (
  SELECT
    '村' AS area_level, village_code AS area_code,
    house_household_count,
    house_safe_count,
    house_c_count,
    house_d_count,
    house_unassessed_count,
    d_household_count,
    d_moved_in_count,
    d_under_way_count,
    d_planned_count,
    d_rehoused_count,
    d_unarranged_count,
    renovation_count,
    renovation_completed_count,
    renovation_moved_in_count,
    archive_complete_count,
    self_raised_count,
    renovation_subsidy_yuan,
    renovation_self_raised_yuan
  FROM village_count
  UNION ALL
  SELECT
    '乡' AS area_level, substr(village_code, 1, 9) AS area_code,
    house_household_count,
    house_safe_count,
    house_c_count,
    house_d_count,
    house_unassessed_count,
    d_household_count,
    d_moved_in_count,
    d_under_way_count,
    d_planned_count,
    d_rehoused_count,
    d_unarranged_count,
    renovation_count,
    renovation_completed_count,
    renovation_moved_in_count,
    archive_complete_count,
    self_raised_count,
    renovation_subsidy_yuan,
    renovation_self_raised_yuan
  FROM village_count
  UNION ALL
  SELECT
    '县' AS area_level, substr(village_code, 1, 6) AS area_code,
    house_household_count,
    house_safe_count,
    house_c_count,
    house_d_count,
    house_unassessed_count,
    d_household_count,
    d_moved_in_count,
    d_under_way_count,
    d_planned_count,
    d_rehoused_count,
    d_unarranged_count,
    renovation_count,
    renovation_completed_count,
    renovation_moved_in_count,
    archive_complete_count,
    self_raised_count,
    renovation_subsidy_yuan,
    renovation_self_raised_yuan
  FROM village_count
),
summed AS (
  SELECT
    area_level, area_code,
    sum(house_household_count) AS house_household_count,
    sum(house_safe_count) AS house_safe_count,
    sum(house_c_count) AS house_c_count,
    sum(house_d_count) AS house_d_count,
    sum(house_unassessed_count) AS house_unassessed_count,
    sum(d_household_count) AS d_household_count,
    sum(d_moved_in_count) AS d_moved_in_count,
    sum(d_under_way_count) AS d_under_way_count,
    sum(d_planned_count) AS d_planned_count,
    sum(d_rehoused_count) AS d_rehoused_count,
    sum(d_unarranged_count) AS d_unarranged_count,
    sum(renovation_count) AS renovation_count,
    sum(renovation_completed_count) AS renovation_completed_count,
    sum(renovation_moved_in_count) AS renovation_moved_in_count,
    sum(archive_complete_count) AS archive_complete_count,
    sum(self_raised_count) AS self_raised_count,
    sum(renovation_subsidy_yuan) AS renovation_subsidy_yuan,
    sum(renovation_self_raised_yuan) AS renovation_self_raised_yuan
  FROM area_count
  GROUP BY area_level, area_code
)
SELECT
  summed.area_level,
  summed.area_code,
  area_name.area,
  CAST(summed.house_household_count AS BIGINT) AS house_household_count,
  CAST(CASE WHEN feed.has_assessment THEN summed.house_safe_count END AS BIGINT) AS house_safe_count,
  CAST(CASE WHEN feed.has_assessment THEN summed.house_c_count END AS BIGINT) AS house_c_count,
  CAST(CASE WHEN feed.has_assessment THEN summed.house_d_count END AS BIGINT) AS house_d_count,
  CAST(CASE WHEN feed.has_assessment THEN summed.house_unassessed_count END AS BIGINT) AS house_unassessed_count,
  CAST(CASE WHEN feed.has_assessment AND feed.has_renovation THEN summed.d_household_count END AS BIGINT) AS d_household_count,
  CAST(CASE WHEN feed.has_assessment AND feed.has_renovation THEN summed.d_moved_in_count END AS BIGINT) AS d_moved_in_count,
  CAST(CASE WHEN feed.has_assessment AND feed.has_renovation THEN summed.d_under_way_count END AS BIGINT) AS d_under_way_count,
  CAST(CASE WHEN feed.has_assessment AND feed.has_renovation THEN summed.d_planned_count END AS BIGINT) AS d_planned_count,
  CAST(CASE WHEN feed.has_assessment AND feed.has_renovation THEN summed.d_rehoused_count END AS BIGINT) AS d_rehoused_count,
  CAST(CASE WHEN feed.has_assessment AND feed.has_renovation THEN summed.d_unarranged_count END AS BIGINT) AS d_unarranged_count,
  CAST(CASE WHEN feed.has_renovation THEN summed.renovation_count END AS BIGINT) AS renovation_count,
  CAST(CASE WHEN feed.has_renovation THEN summed.renovation_completed_count END AS BIGINT) AS renovation_completed_count,
  CAST(CASE WHEN feed.has_renovation THEN summed.renovation_moved_in_count END AS BIGINT) AS renovation_moved_in_count,
  CASE
    WHEN feed.has_renovation AND summed.renovation_completed_count > 0
      THEN CAST(CAST(summed.renovation_moved_in_count AS DOUBLE) / summed.renovation_completed_count AS DECIMAL(12, 8))
  END AS moved_in_rate,
  CAST(CASE WHEN feed.has_renovation THEN summed.renovation_subsidy_yuan END AS DECIMAL(18, 2)) AS renovation_subsidy_yuan,
  CAST(CASE WHEN feed.has_renovation THEN summed.renovation_self_raised_yuan END AS DECIMAL(18, 2)) AS renovation_self_raised_yuan,
  CASE
    WHEN feed.has_renovation AND summed.self_raised_count > 0
      THEN CAST(CAST(summed.renovation_self_raised_yuan AS DOUBLE) / summed.self_raised_count AS DECIMAL(18, 2))
  END AS self_raised_average_yuan,
  CAST(CASE WHEN feed.has_renovation THEN summed.archive_complete_count END AS BIGINT) AS archive_complete_count,
  CASE
    WHEN feed.has_renovation AND summed.renovation_count > 0
      THEN CAST(CAST(summed.archive_complete_count AS DOUBLE) / summed.renovation_count AS DECIMAL(12, 8))
  END AS archive_rate
FROM summed
CROSS JOIN feed
LEFT JOIN ref.area AS area_name ON area_name.area_level = summed.area_level AND area_name.area_code = summed.area_code
