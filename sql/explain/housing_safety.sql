-- explain.housing_safety
-- 住房安全表每个数字背后的户和改造档案：等级、D 级户的安排逐户列出，改造、补助、自筹逐份档案列出。
-- Inputs: core.registry_household_now, core.house, core.renovation, ref.feed_state.
-- Limits: 户数一户一行（record 为鉴定报告号或安排），改造各列一份档案一行（record 为档案号，没有填自筹的金额为空）。数据未到或过期、表中为空的数不列。
-- Derived: moved_in_rate = renovation_moved_in_count ÷ renovation_completed_count; archive_rate = archive_complete_count ÷ renovation_count
-- Derived: self_raised_average_yuan = 填了自筹的档案的平均
WITH feed AS (
  SELECT
    coalesce(bool_or(feed = 'housing_assessment'), FALSE) AS has_assessment,
    coalesce(bool_or(feed = 'housing_renovation'), FALSE) AS has_renovation
  FROM ref.feed_state
  WHERE is_present AND NOT is_stale
),
household AS (
  SELECT
    coalesce(household.village_code, '不详') AS village_code, household.household_id, 'R' || household.household_id AS family_key,
    feed.has_assessment, feed.has_renovation
  FROM core.registry_household_now AS household
  CROSS JOIN feed
),
house AS (
  SELECT
    household.village_code, household.household_id, household.has_assessment, household.has_assessment AND household.has_renovation AS has_both,
    house.report_no, house.grade_code, house.is_d_family, house.arrangement
  FROM household
  LEFT JOIN core.house AS house ON house.family_key = household.family_key
),
work AS (
  SELECT
    household.village_code, household.household_id, renovation.archive_no, renovation.completed_date, renovation.moved_in_date,
    renovation.subsidy_total_yuan, renovation.self_raised_yuan, renovation.is_archive_complete
  FROM household
  INNER JOIN core.renovation AS renovation ON renovation.family_key = household.family_key
  WHERE household.has_renovation
),
listed AS (
  SELECT village_code, 'house_household_count' AS figure, household_id AS household_id, CAST(NULL AS BIGINT) AS person_key, report_no AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM house
  UNION ALL
  SELECT village_code, 'house_safe_count' AS figure, household_id AS household_id, CAST(NULL AS BIGINT) AS person_key, report_no AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM house
  WHERE has_assessment AND grade_code IN ('A', 'B')
  UNION ALL
  SELECT village_code, 'house_c_count' AS figure, household_id AS household_id, CAST(NULL AS BIGINT) AS person_key, report_no AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM house
  WHERE has_assessment AND grade_code = 'C'
  UNION ALL
  SELECT village_code, 'house_d_count' AS figure, household_id AS household_id, CAST(NULL AS BIGINT) AS person_key, report_no AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM house
  WHERE has_assessment AND grade_code = 'D'
  UNION ALL
  SELECT village_code, 'house_unassessed_count' AS figure, household_id AS household_id, CAST(NULL AS BIGINT) AS person_key, report_no AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM house
  WHERE has_assessment AND grade_code IS NULL
  UNION ALL
  SELECT village_code, 'd_household_count' AS figure, household_id AS household_id, CAST(NULL AS BIGINT) AS person_key, arrangement AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM house
  WHERE has_both AND is_d_family
  UNION ALL
  SELECT village_code, 'd_moved_in_count' AS figure, household_id AS household_id, CAST(NULL AS BIGINT) AS person_key, arrangement AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM house
  WHERE has_both AND arrangement = '已竣工入住'
  UNION ALL
  SELECT village_code, 'd_under_way_count' AS figure, household_id AS household_id, CAST(NULL AS BIGINT) AS person_key, arrangement AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM house
  WHERE has_both AND arrangement = '施工'
  UNION ALL
  SELECT village_code, 'd_planned_count' AS figure, household_id AS household_id, CAST(NULL AS BIGINT) AS person_key, arrangement AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM house
  WHERE has_both AND arrangement = '已列计划'
  UNION ALL
  SELECT village_code, 'd_rehoused_count' AS figure, household_id AS household_id, CAST(NULL AS BIGINT) AS person_key, arrangement AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM house
  WHERE has_both AND arrangement = '其他安置'
  UNION ALL
  SELECT village_code, 'd_unarranged_count' AS figure, household_id AS household_id, CAST(NULL AS BIGINT) AS person_key, arrangement AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM house
  WHERE has_both AND arrangement = '未安排'
  UNION ALL
  SELECT village_code, 'renovation_count' AS figure, household_id AS household_id, CAST(NULL AS BIGINT) AS person_key, archive_no AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM work
  UNION ALL
  SELECT village_code, 'renovation_completed_count' AS figure, household_id AS household_id, CAST(NULL AS BIGINT) AS person_key, archive_no AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM work
  WHERE completed_date IS NOT NULL
  UNION ALL
  SELECT village_code, 'renovation_moved_in_count' AS figure, household_id AS household_id, CAST(NULL AS BIGINT) AS person_key, archive_no AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM work
  WHERE completed_date IS NOT NULL AND moved_in_date IS NOT NULL
  UNION ALL
  SELECT village_code, 'archive_complete_count' AS figure, household_id AS household_id, CAST(NULL AS BIGINT) AS person_key, archive_no AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM work
  WHERE is_archive_complete
  UNION ALL
  SELECT village_code, 'renovation_subsidy_yuan' AS figure, household_id AS household_id, CAST(NULL AS BIGINT) AS person_key, archive_no AS record, subsidy_total_yuan AS amount
  FROM work
  UNION ALL
  SELECT village_code, 'renovation_self_raised_yuan' AS figure, household_id AS household_id, CAST(NULL AS BIGINT) AS person_key, archive_no AS record, self_raised_yuan AS amount
  FROM work
)
SELECT
  '村' AS area_level,
  listed.village_code AS area_code,
  listed.figure,
  listed.household_id,
  listed.person_key,
  listed.record,
  CAST(listed.amount AS DECIMAL(18, 2)) AS amount
FROM listed
UNION ALL
SELECT
  '乡' AS area_level,
  substr(listed.village_code, 1, 9) AS area_code,
  listed.figure,
  listed.household_id,
  listed.person_key,
  listed.record,
  CAST(listed.amount AS DECIMAL(18, 2)) AS amount
FROM listed
UNION ALL
SELECT
  '县' AS area_level,
  substr(listed.village_code, 1, 6) AS area_code,
  listed.figure,
  listed.household_id,
  listed.person_key,
  listed.record,
  CAST(listed.amount AS DECIMAL(18, 2)) AS amount
FROM listed
