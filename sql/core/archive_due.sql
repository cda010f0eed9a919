-- core.archive_due
-- 应有的每一份档案：哪一级、哪个单位、哪种材料、哪一年，现在归档了没有。
-- Grain: one row per level, unit (household, village, township, county, project), archive type and year that is due.
-- Kept as: view
-- 政策依据: 北委发〔2019〕5号 二(一)4 “一户一档…县乡村户四级档案留存”；三(一)4 “档案资料”。
-- Inputs: core.archive_household, core.archive_demand, core.archive_best, core.registry_household_now, core.village_now, core.project_now,
--   ref.feed_state.
-- Limits: 应有什么由 ref.archive_requirement 规定。一次: 事由（识别、退出、纳入监测、立项）发生以后应有一份，归档年度不论；每次: 每次事由当年的一份；
--   每年: 每个已过完的年度一份，从该单位有事由的那一年起。事由年份不详的按规定开始的年份算，事由在规定开始以前或结束以后的不要求。
--   事由的数据源未到或过期的不列；档案目录未到或过期时 document_state 为空。同一种材料有几份时取最好的一份。危改只列建档立卡户。
-- Tie-breaks: none; see core.archive_best.
WITH feed AS (
  SELECT
    coalesce(bool_or(feed = 'archive_document'), FALSE) AS has_archive,
    coalesce(bool_or(feed = 'registry_household'), FALSE) AS has_registry,
    coalesce(bool_or(feed = 'village'), FALSE) AS has_village,
    coalesce(bool_or(feed = 'project'), FALSE) AS has_project
  FROM ref.feed_state
  WHERE is_present AND NOT is_stale
),
area AS (
  SELECT
    household.village_code, min(CAST(extract(YEAR FROM household.identified_month) AS BIGINT)) AS identified_year
  FROM core.registry_household_now AS household
  CROSS JOIN feed
  WHERE feed.has_registry
  GROUP BY household.village_code
),
unit AS (
  SELECT '有建档户的村' AS applies_to, village_code AS unit_no, NULL AS project_no, village_code, identified_year AS fact_year FROM area
  UNION ALL
  SELECT '有建档户的乡镇', substr(village_code, 1, 9), NULL, substr(village_code, 1, 9), min(identified_year)
  FROM area
  GROUP BY substr(village_code, 1, 9)
  UNION ALL
  SELECT '有建档户的县', substr(village_code, 1, 6), NULL, substr(village_code, 1, 6), min(identified_year)
  FROM area
  GROUP BY substr(village_code, 1, 6)
  UNION ALL
  SELECT '退出村', village.village_code, NULL, village.village_code, village.exit_year
  FROM core.village_now AS village
  CROSS JOIN feed
  WHERE feed.has_village AND village.is_poor_village AND village.exit_year IS NOT NULL
  UNION ALL
  SELECT
    unnest(CASE WHEN project.project_status_code IN ('5', '6') THEN ['项目', '完工项目'] ELSE ['项目'] END),
    project.project_no, project.project_no, coalesce(project.village_code, '不详'), project.project_year
  FROM core.project_now AS project
  CROSS JOIN feed
  WHERE feed.has_project AND coalesce(project.project_status_code, '1') <> '9'
),
due AS (
  SELECT
    demand.archive_level_code, demand.archive_type_code, demand.archive_frequency, unit.unit_no, unit.project_no, unit.village_code,
    coalesce(demand.due_year, unit.fact_year, demand.first_year) AS archive_year
  FROM core.archive_demand AS demand
  INNER JOIN unit ON unit.applies_to = demand.archive_applies_to
  WHERE CASE
    WHEN demand.due_year IS NOT NULL THEN coalesce(unit.fact_year, demand.first_year) <= demand.due_year
    ELSE coalesce(unit.fact_year, demand.first_year) BETWEEN demand.first_year AND demand.last_year
  END
),
told AS (
  SELECT
    due.archive_level_code, due.archive_type_code, due.unit_no, due.archive_year, NULL AS household_id, due.project_no, due.village_code,
    CASE WHEN feed.has_archive THEN coalesce(filed.document_state, '未归档') END AS document_state,
    CASE WHEN feed.has_archive THEN coalesce(filed.is_shared, FALSE) END AS is_shared,
    filed.filed_date, filed.checked_date
  FROM due
  CROSS JOIN feed
  LEFT JOIN core.archive_best AS filed
    ON filed.unit_no = due.unit_no AND filed.archive_level_code = due.archive_level_code
    AND filed.archive_type_code = due.archive_type_code AND filed.match_year = CASE due.archive_frequency WHEN '一次' THEN 0 ELSE due.archive_year END
  UNION ALL
  SELECT
    archive_level_code, archive_type_code, household_id, archive_year, household_id, NULL, village_code, document_state, is_shared, filed_date, checked_date
  FROM core.archive_household
)
SELECT
  archive_level_code,
  archive_type_code,
  unit_no,
  archive_year,
  household_id,
  project_no,
  CASE WHEN village_code = '不详' OR length(village_code) = 12 THEN village_code END AS village_code,
  CASE WHEN village_code = '不详' OR length(village_code) >= 9 THEN substr(village_code, 1, 9) END AS town_code,
  substr(village_code, 1, 6) AS county_code,
  document_state,
  is_shared,
  filed_date,
  checked_date
FROM told
