-- core.archive_due
-- 应有的每一份档案：哪一级、哪个单位、哪种材料、哪一年，现在归档了没有。
-- Grain: one row per level, unit (household, village, township, county, project), archive type and year that is due.
-- 政策依据: 北委发〔2019〕5号 二(一)4 “一户一档…县乡村户四级档案留存”；三(一)4 “档案资料”。
-- Inputs: core.archive_file, core.registry_household_now, core.monitored_household_now, core.renovation, core.village_now, core.project_now,
--   ref.archive_requirement, ref.workday, ref.feed_state, ref.run.
-- Limits: 应有什么由 ref.archive_requirement 规定。一次: 事由（识别、退出、纳入监测、立项）发生以后应有一份，归档年度不论；每次: 每次事由当年的一份；
--   每年: 每个已过完的年度一份，从该单位有事由的那一年起。事由年份不详的按规定开始的年份算，事由在规定开始以前或结束以后的不要求。
--   事由的数据源未到或过期的不列；档案目录未到或过期时 document_state 为空。同一种材料有几份时取最好的一份。危改只列建档立卡户。
-- Tie-breaks: of equally good documents the one with the smallest number.
WITH feed AS (
  SELECT
    coalesce(bool_or(feed = 'archive_document'), FALSE) AS has_archive,
    coalesce(bool_or(feed = 'registry_household'), FALSE) AS has_registry,
    coalesce(bool_or(feed = 'monitored_household'), FALSE) AS has_monitored,
    coalesce(bool_or(feed = 'housing_renovation'), FALSE) AS has_renovation,
    coalesce(bool_or(feed = 'village'), FALSE) AS has_village,
    coalesce(bool_or(feed = 'project'), FALSE) AS has_project
  FROM ref.feed_state
  WHERE is_present AND NOT is_stale
),
family AS (
  SELECT
    household.household_id, household.village_code, household.poverty_status_code, household.exit_year,
    CAST(extract(YEAR FROM household.identified_month) AS BIGINT) AS identified_year
  FROM core.registry_household_now AS household
  CROSS JOIN feed
  WHERE feed.has_registry
),
watched AS (
  SELECT household_id, max(village_code) AS village_code, CAST(extract(YEAR FROM min(monitored_date)) AS BIGINT) AS watched_year
  FROM core.monitored_household_now
  CROSS JOIN feed
  WHERE feed.has_monitored
  GROUP BY household_id
),
renovated AS (
  SELECT
    substr(renovation.family_key, 2) AS household_id, renovation.renovation_year,
    bool_or(renovation.started_date IS NOT NULL OR renovation.completed_date IS NOT NULL) AS is_started,
    bool_or(renovation.completed_date IS NOT NULL) AS is_completed
  FROM core.renovation AS renovation
  CROSS JOIN feed
  WHERE feed.has_renovation AND starts_with(renovation.family_key, 'R')
  GROUP BY substr(renovation.family_key, 2), renovation.renovation_year
),
work AS (
  SELECT family.household_id, family.village_code, renovated.renovation_year, renovated.is_started, renovated.is_completed
  FROM renovated
  INNER JOIN family ON family.household_id = renovated.household_id
),
area AS (
  SELECT village_code, min(identified_year) AS identified_year FROM family GROUP BY village_code
),
unit AS (
  SELECT '建档立卡户' AS applies_to, household_id AS unit_no, household_id, NULL AS project_no, village_code, identified_year AS fact_year
  FROM family
  UNION ALL
  SELECT '脱贫户', household_id, household_id, NULL, village_code, exit_year FROM family WHERE poverty_status_code IN ('1', '4')
  UNION ALL
  SELECT '监测对象', household_id, household_id, NULL, village_code, watched_year FROM watched
  UNION ALL
  SELECT '危改户', household_id, household_id, NULL, village_code, renovation_year FROM work
  UNION ALL
  SELECT '危改开工户', household_id, household_id, NULL, village_code, renovation_year FROM work WHERE is_started
  UNION ALL
  SELECT '危改竣工户', household_id, household_id, NULL, village_code, renovation_year FROM work WHERE is_completed
  UNION ALL
  SELECT '有建档户的村', village_code, NULL, NULL, village_code, identified_year FROM area
  UNION ALL
  SELECT '有建档户的乡镇', substr(village_code, 1, 9), NULL, NULL, substr(village_code, 1, 9), min(identified_year)
  FROM area
  GROUP BY substr(village_code, 1, 9)
  UNION ALL
  SELECT '有建档户的县', substr(village_code, 1, 6), NULL, NULL, substr(village_code, 1, 6), min(identified_year)
  FROM area
  GROUP BY substr(village_code, 1, 6)
  UNION ALL
  SELECT '退出村', village.village_code, NULL, NULL, village.village_code, village.exit_year
  FROM core.village_now AS village
  CROSS JOIN feed
  WHERE feed.has_village AND village.is_poor_village AND village.exit_year IS NOT NULL
  UNION ALL
  SELECT
    unnest(CASE WHEN project.project_status_code IN ('5', '6') THEN ['项目', '完工项目'] ELSE ['项目'] END),
    project.project_no, NULL, project.project_no, coalesce(project.village_code, '不详'), project.project_year
  FROM core.project_now AS project
  CROSS JOIN feed
  WHERE feed.has_project AND coalesce(project.project_status_code, '1') <> '9'
),
requirement AS (
  SELECT
    archive_level_code, archive_type_code, archive_applies_to, archive_frequency,
    CAST(extract(YEAR FROM valid_from) AS BIGINT) AS first_year,
    CAST(extract(YEAR FROM valid_to - 1) AS BIGINT) AS last_year
  FROM ref.archive_requirement
),
past_year AS (
  SELECT CAST(extract(YEAR FROM workday.day) AS BIGINT) AS year
  FROM ref.workday AS workday
  CROSS JOIN ref.run AS run
  WHERE extract(YEAR FROM workday.day) < extract(YEAR FROM run.as_of)
  GROUP BY extract(YEAR FROM workday.day)
),
yearly AS (
  SELECT requirement.*, past_year.year
  FROM requirement
  CROSS JOIN past_year
  WHERE requirement.archive_frequency = '每年' AND past_year.year BETWEEN requirement.first_year AND requirement.last_year
),
due AS (
  SELECT
    yearly.archive_level_code, yearly.archive_type_code, unit.unit_no, unit.household_id, unit.project_no, unit.village_code,
    yearly.year AS archive_year, yearly.year AS match_year
  FROM yearly
  INNER JOIN unit ON unit.applies_to = yearly.archive_applies_to
  WHERE coalesce(unit.fact_year, yearly.first_year) <= yearly.year
  UNION ALL
  SELECT
    requirement.archive_level_code, requirement.archive_type_code, unit.unit_no, unit.household_id, unit.project_no, unit.village_code,
    coalesce(unit.fact_year, requirement.first_year) AS archive_year,
    CASE WHEN requirement.archive_frequency = '每次' THEN coalesce(unit.fact_year, requirement.first_year) ELSE 0 END AS match_year
  FROM requirement
  INNER JOIN unit ON unit.applies_to = requirement.archive_applies_to
  CROSS JOIN ref.run AS run
  WHERE requirement.archive_frequency IN ('一次', '每次')
    AND coalesce(unit.fact_year, requirement.first_year) BETWEEN requirement.first_year AND requirement.last_year
    AND coalesce(unit.fact_year, requirement.first_year) <= extract(YEAR FROM run.as_of)
),
-- Each document stands for its own year and, as year 0, for any.
listed AS (
  SELECT unit_no, document_no, archive_level_code, archive_type_code, document_year AS match_year, document_state, is_shared, filed_date, checked_date
  FROM core.archive_file
  UNION ALL
  SELECT unit_no, document_no, archive_level_code, archive_type_code, 0, document_state, is_shared, filed_date, checked_date
  FROM core.archive_file
),
ranked AS (
  SELECT
    listed.*,
    row_number() OVER (
      PARTITION BY unit_no, archive_level_code, archive_type_code, match_year
      ORDER BY
        CASE document_state WHEN '完好' THEN 0 WHEN '与他户相同' THEN 1 WHEN '页数为零' THEN 2 WHEN '校验失败' THEN 3 ELSE 4 END, document_no
    ) AS place
  FROM listed
),
filed AS (
  SELECT unit_no, archive_level_code, archive_type_code, match_year, document_state, is_shared, filed_date, checked_date
  FROM ranked
  WHERE place = 1
)
SELECT
  due.archive_level_code,
  due.archive_type_code,
  due.unit_no,
  due.archive_year,
  due.household_id,
  due.project_no,
  CASE WHEN due.village_code = '不详' OR length(due.village_code) = 12 THEN due.village_code END AS village_code,
  CASE WHEN due.village_code = '不详' OR length(due.village_code) >= 9 THEN substr(due.village_code, 1, 9) END AS town_code,
  substr(due.village_code, 1, 6) AS county_code,
  CASE WHEN feed.has_archive THEN coalesce(filed.document_state, '未归档') END AS document_state,
  CASE WHEN feed.has_archive THEN coalesce(filed.is_shared, FALSE) END AS is_shared,
  filed.filed_date,
  filed.checked_date
FROM due
CROSS JOIN feed
LEFT JOIN filed
  ON filed.unit_no = due.unit_no AND filed.archive_level_code = due.archive_level_code
  AND filed.archive_type_code = due.archive_type_code AND filed.match_year = due.match_year
