-- core.archive_household
-- 户级应有的每一份档案：哪一户、哪种材料、哪一年，现在归档了没有。
-- Grain: one row per household, archive level, type and year that is due.
-- Scope: household_id
-- 政策依据: 北委发〔2019〕5号 二(一)4 “一户一档…县乡村户四级档案留存”；三(一)4 “档案资料”。
-- Inputs: core.archive_demand, core.archive_best, core.registry_household_now, core.monitored_household_now, core.renovation, ref.feed_state.
-- Limits: 见 core.archive_due。危改只列建档立卡户。
-- Tie-breaks: none.
WITH feed AS (
  SELECT
    coalesce(bool_or(feed = 'archive_document'), FALSE) AS has_archive,
    coalesce(bool_or(feed = 'registry_household'), FALSE) AS has_registry,
    coalesce(bool_or(feed = 'monitored_household'), FALSE) AS has_monitored,
    coalesce(bool_or(feed = 'housing_renovation'), FALSE) AS has_renovation
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
    renovation.family_key, renovation.renovation_year,
    bool_or(renovation.started_date IS NOT NULL OR renovation.completed_date IS NOT NULL) AS is_started,
    bool_or(renovation.completed_date IS NOT NULL) AS is_completed
  FROM core.renovation AS renovation
  CROSS JOIN feed
  WHERE feed.has_renovation
  GROUP BY renovation.family_key, renovation.renovation_year
),
work AS (
  SELECT family.household_id, family.village_code, renovated.renovation_year, renovated.is_started, renovated.is_completed
  FROM family
  INNER JOIN renovated ON renovated.family_key = 'R' || family.household_id
),
unit AS (
  SELECT '建档立卡户' AS applies_to, household_id AS unit_no, household_id, village_code, identified_year AS fact_year FROM family
  UNION ALL
  SELECT '脱贫户', household_id, household_id, village_code, exit_year FROM family WHERE poverty_status_code IN ('1', '4')
  UNION ALL
  SELECT '监测对象', household_id, household_id, village_code, watched_year FROM watched
  UNION ALL
  SELECT '危改户', household_id, household_id, village_code, renovation_year FROM work
  UNION ALL
  SELECT '危改开工户', household_id, household_id, village_code, renovation_year FROM work WHERE is_started
  UNION ALL
  SELECT '危改竣工户', household_id, household_id, village_code, renovation_year FROM work WHERE is_completed
),
due AS (
  SELECT
    demand.archive_level_code, demand.archive_type_code, demand.archive_frequency, unit.unit_no, unit.household_id, unit.village_code,
    coalesce(demand.due_year, unit.fact_year, demand.first_year) AS archive_year
  FROM core.archive_demand AS demand
  INNER JOIN unit ON unit.applies_to = demand.archive_applies_to
  WHERE CASE
    WHEN demand.due_year IS NOT NULL THEN coalesce(unit.fact_year, demand.first_year) <= demand.due_year
    ELSE coalesce(unit.fact_year, demand.first_year) BETWEEN demand.first_year AND demand.last_year
  END
)
SELECT
  due.archive_level_code,
  due.archive_type_code,
  due.archive_year,
  due.household_id,
  due.village_code,
  CASE WHEN feed.has_archive THEN coalesce(filed.document_state, '未归档') END AS document_state,
  CASE WHEN feed.has_archive THEN coalesce(filed.is_shared, FALSE) END AS is_shared,
  filed.filed_date,
  filed.checked_date
FROM due
CROSS JOIN feed
LEFT JOIN core.archive_best AS filed
  ON filed.unit_no = due.unit_no AND filed.archive_level_code = due.archive_level_code
  AND filed.archive_type_code = due.archive_type_code AND filed.match_year = CASE due.archive_frequency WHEN '一次' THEN 0 ELSE due.archive_year END
