-- mart.archive_coverage
-- 档案完整率：县、乡、村三级，每种档案、每个年度应有多少份，完好多少，缺多少，校验失败、没有内容、与他户相同的多少。
-- Grain: one row per area level, area, archive level, archive type and year.
-- 政策依据: 北委发〔2019〕5号 二(一)4 “一户一档…县乡村户四级档案留存”；三(一)4 “档案资料”。
-- Inputs: core.archive_due, ref.archive_requirement, ref.county, ref.feed_state, ref.run, ref.area.
-- Limits: 恒等式: archive_due_count = archive_sound_count + archive_missing_count + archive_failed_count + archive_empty_count + archive_shared_count；
--   archive_share = archive_sound_count ÷ archive_due_count。校验失败含核对时找不到文件的。乡级档案不计入村，县级不计入乡；项目档案按项目所在村计入三级。
--   档案目录未到或过期时只有应有数，其余为空，archive_verdict 为无法判定。决定谁应有档案的数据源未到或过期的，县一级列一行运行年的无法判定，各数为空，不记零。
-- Tie-breaks: none (counts only).
WITH feed AS (
  SELECT
    coalesce(bool_or(feed = 'registry_household'), FALSE) AS has_registry,
    coalesce(bool_or(feed = 'monitored_household'), FALSE) AS has_monitored,
    coalesce(bool_or(feed = 'housing_renovation'), FALSE) AS has_renovation,
    coalesce(bool_or(feed = 'village'), FALSE) AS has_village,
    coalesce(bool_or(feed = 'project'), FALSE) AS has_project
  FROM ref.feed_state
  WHERE is_present AND NOT is_stale
),
place_count AS (
  SELECT
    village_code, town_code, county_code, archive_level_code, archive_type_code, archive_year,
    count(*) AS due_count,
    count(document_state) AS known_count,
    count(*) FILTER (WHERE document_state = '完好') AS sound_count,
    count(*) FILTER (WHERE document_state = '未归档') AS missing_count,
    count(*) FILTER (WHERE document_state IN ('校验失败', '文件缺失')) AS failed_count,
    count(*) FILTER (WHERE document_state = '页数为零') AS empty_count,
    count(*) FILTER (WHERE document_state = '与他户相同') AS shared_count,
    count(*) FILTER (WHERE checked_date IS NOT NULL) AS checked_count
  FROM core.archive_due
  GROUP BY village_code, town_code, county_code, archive_level_code, archive_type_code, archive_year
),
area_row AS (
  SELECT '村' AS area_level, village_code AS area_code, place_count.* FROM place_count WHERE village_code IS NOT NULL
  UNION ALL
  SELECT '乡' AS area_level, town_code AS area_code, place_count.* FROM place_count WHERE town_code IS NOT NULL
  UNION ALL
  SELECT '县' AS area_level, county_code AS area_code, place_count.* FROM place_count
),
summed AS (
  SELECT
    area_level, area_code, archive_level_code, archive_type_code, archive_year,
    CAST(sum(due_count) AS BIGINT) AS due_count, sum(known_count) AS known_count, CAST(sum(sound_count) AS BIGINT) AS sound_count,
    CAST(sum(missing_count) AS BIGINT) AS missing_count, CAST(sum(failed_count) AS BIGINT) AS failed_count,
    CAST(sum(empty_count) AS BIGINT) AS empty_count, CAST(sum(shared_count) AS BIGINT) AS shared_count,
    CAST(sum(checked_count) AS BIGINT) AS checked_count
  FROM area_row
  GROUP BY area_level, area_code, archive_level_code, archive_type_code, archive_year
),
unknown AS (
  SELECT DISTINCT requirement.archive_level_code, requirement.archive_type_code, CAST(extract(YEAR FROM run.as_of) AS BIGINT) AS archive_year
  FROM ref.archive_requirement AS requirement
  CROSS JOIN ref.run AS run
  CROSS JOIN feed
  WHERE run.as_of >= requirement.valid_from AND run.as_of < requirement.valid_to
    AND NOT CASE requirement.archive_applies_to
      WHEN '监测对象' THEN feed.has_monitored
      WHEN '退出村' THEN feed.has_village
      WHEN '项目' THEN feed.has_project
      WHEN '完工项目' THEN feed.has_project
      WHEN '危改户' THEN feed.has_renovation AND feed.has_registry
      WHEN '危改开工户' THEN feed.has_renovation AND feed.has_registry
      WHEN '危改竣工户' THEN feed.has_renovation AND feed.has_registry
      ELSE feed.has_registry
    END
),
told AS (
  SELECT summed.*, summed.known_count > 0 AS is_known
  FROM summed
  UNION ALL
  SELECT
    '县', county.county_code, unknown.archive_level_code, unknown.archive_type_code, unknown.archive_year,
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, FALSE
  FROM unknown
  CROSS JOIN ref.county AS county
)
SELECT
  told.area_level,
  told.area_code,
  area_name.area,
  told.archive_level_code,
  told.archive_type_code,
  told.archive_year,
  told.due_count AS archive_due_count,
  CASE WHEN told.is_known THEN told.sound_count END AS archive_sound_count,
  CASE WHEN told.is_known THEN told.missing_count END AS archive_missing_count,
  CASE WHEN told.is_known THEN told.failed_count END AS archive_failed_count,
  CASE WHEN told.is_known THEN told.empty_count END AS archive_empty_count,
  CASE WHEN told.is_known THEN told.shared_count END AS archive_shared_count,
  CASE WHEN told.is_known THEN told.checked_count END AS archive_checked_count,
  CASE WHEN told.is_known THEN CAST(CAST(told.sound_count AS DOUBLE) / told.due_count AS DECIMAL(12, 8)) END AS archive_share,
  CASE WHEN NOT told.is_known THEN '无法判定' WHEN told.sound_count = told.due_count THEN '齐全' ELSE '有缺' END AS archive_verdict
FROM told
LEFT JOIN ref.area AS area_name ON area_name.area_level = told.area_level AND area_name.area_code = told.area_code
