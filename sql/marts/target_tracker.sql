-- mart.target_tracker
-- 减贫目标进度：县、乡、村三级，年度基准名单多少、已退出多少、不在册多少、返贫和新增多少、还剩多少，贫困人口和贫困村分列。
-- Grain: one row per area level, area, target year and kind (贫困人口 / 贫困村).
-- 政策依据: 北委发〔2019〕5号 一(三) “剩余的1542名贫困人口、4个贫困村，2019年全部实现脱贫销号”。
-- Inputs: core.target_baseline, core.registry_person_now, core.registry_household_now, core.village_now, ref.feed_state, ref.run, ref.area.
-- Limits: 基准名单冻结：一个年度、一个类别只算数据日期最早的那次报送，以后再报、建档数据重新导入都不改变它（要改只能撤回）。人按基准名单上的人编号跟踪。
--   恒等式: baseline_count = exited_count + gone_count + still_count + unclear_count；remaining_count = still_count + unclear_count + target_returned + target_new。
--   不在册（死亡、迁出、剔除）从剩余中减去，单列备查。返贫、新增为不在基准名单而现为返贫、未脱贫（含预脱贫）的人，按现在的村计。
--   建档（贫困村为行政村）数据未到或过期时，只有基准数，其余为空。
-- Tie-breaks: none; a number stands once in a list.
WITH first AS (
  SELECT baseline.target_year, baseline.target_kind_code, min(baseline.valid_from) AS frozen_on
  FROM core.target_baseline AS baseline
  CROSS JOIN ref.run AS run
  WHERE baseline.recorded_to = TIMESTAMP '9999-12-31 00:00:00' AND baseline.valid_from <= run.as_of
  GROUP BY baseline.target_year, baseline.target_kind_code
),
baseline AS (
  SELECT DISTINCT baseline.target_year, baseline.target_kind_code, baseline.target_no, baseline.household_id, baseline.village_code
  FROM core.target_baseline AS baseline
  INNER JOIN first
    ON first.target_year = baseline.target_year AND first.target_kind_code = baseline.target_kind_code AND first.frozen_on = baseline.valid_from
  WHERE baseline.recorded_to = TIMESTAMP '9999-12-31 00:00:00' AND baseline.valid_to = DATE '9999-12-31'
),
person AS (
  SELECT person.person_id, person.person_key, person.household_id, household.village_code, household.poverty_status_code
  FROM core.registry_person_now AS person
  LEFT JOIN core.registry_household_now AS household ON household.household_id = person.household_id
),
tracked AS (
  SELECT
    baseline.target_year, '贫困人口' AS target_kind, coalesce(baseline.village_code, '不详') AS village_code,
    coalesce(person.household_id, baseline.household_id) AS household_id, person.person_key,
    TRUE AS is_baseline,
    CASE
      WHEN person.person_id IS NULL THEN '不在册'
      WHEN person.poverty_status_code IN ('1', '4') THEN '已退出'
      WHEN person.poverty_status_code IS NULL THEN '不明'
      ELSE '未退出'
    END AS tracked_state
  FROM baseline
  LEFT JOIN person ON person.person_id = baseline.target_no
  WHERE baseline.target_kind_code = '1'
  UNION ALL
  SELECT
    first.target_year, '贫困人口' AS target_kind, coalesce(person.village_code, '不详') AS village_code, person.household_id, person.person_key,
    FALSE AS is_baseline,
    CASE WHEN person.poverty_status_code = '3' THEN '返贫' ELSE '新增' END AS tracked_state
  FROM person
  CROSS JOIN first
  LEFT JOIN baseline
    ON baseline.target_no = person.person_id AND baseline.target_year = first.target_year AND baseline.target_kind_code = first.target_kind_code
  WHERE first.target_kind_code = '1' AND person.poverty_status_code IN ('0', '2', '3') AND baseline.target_no IS NULL
  UNION ALL
  SELECT
    baseline.target_year, '贫困村' AS target_kind, baseline.village_code, CAST(NULL AS VARCHAR) AS household_id, CAST(NULL AS BIGINT) AS person_key,
    TRUE AS is_baseline,
    CASE
      WHEN village.village_code IS NULL THEN '不在册'
      WHEN village.exit_year <= extract(YEAR FROM run.as_of) THEN '已退出'
      ELSE '未退出'
    END AS tracked_state
  FROM baseline
  CROSS JOIN ref.run AS run
  LEFT JOIN core.village_now AS village ON village.village_code = baseline.target_no
  WHERE baseline.target_kind_code = '2'
),
feed AS (
  SELECT
    coalesce(bool_or(feed = 'registry_household'), FALSE) AND coalesce(bool_or(feed = 'registry_person'), FALSE) AS has_registry,
    coalesce(bool_or(feed = 'village'), FALSE) AS has_village
  FROM ref.feed_state
  WHERE is_present AND NOT is_stale
),
village_count AS (
  SELECT
    village_code, target_year, target_kind,
    count(*) FILTER (WHERE is_baseline) AS baseline_count,
    count(*) FILTER (WHERE tracked_state = '已退出') AS exited_count,
    count(*) FILTER (WHERE tracked_state = '不在册') AS gone_count,
    count(*) FILTER (WHERE tracked_state = '未退出') AS still_count,
    count(*) FILTER (WHERE tracked_state = '不明') AS unclear_count,
    count(*) FILTER (WHERE tracked_state = '返贫') AS returned_count,
    count(*) FILTER (WHERE tracked_state = '新增') AS new_count
  FROM tracked
  GROUP BY village_code, target_year, target_kind
),
area_row AS (
  SELECT '村' AS area_level, village_code AS area_code, village_count.* FROM village_count
  UNION ALL
  SELECT '乡' AS area_level, substr(village_code, 1, 9) AS area_code, village_count.* FROM village_count
  UNION ALL
  SELECT '县' AS area_level, substr(village_code, 1, 6) AS area_code, village_count.* FROM village_count
),
summed AS (
  SELECT
    area_level, area_code, target_year, target_kind,
    CAST(sum(baseline_count) AS BIGINT) AS baseline_count, CAST(sum(exited_count) AS BIGINT) AS exited_count,
    CAST(sum(gone_count) AS BIGINT) AS gone_count, CAST(sum(still_count) AS BIGINT) AS still_count,
    CAST(sum(unclear_count) AS BIGINT) AS unclear_count, CAST(sum(returned_count) AS BIGINT) AS returned_count,
    CAST(sum(new_count) AS BIGINT) AS new_count
  FROM area_row
  GROUP BY area_level, area_code, target_year, target_kind
),
known AS (
  SELECT
    summed.*,
    CASE WHEN summed.target_kind = '贫困村' THEN feed.has_village ELSE feed.has_registry END AS is_known
  FROM summed
  CROSS JOIN feed
)
SELECT
  known.area_level,
  known.area_code,
  area_name.area,
  known.target_year,
  known.target_kind,
  known.baseline_count AS target_baseline_count,
  CASE WHEN known.is_known THEN known.exited_count END AS target_exited_count,
  CASE WHEN known.is_known THEN known.gone_count END AS target_gone_count,
  CASE WHEN known.is_known THEN known.still_count END AS target_still_count,
  CASE WHEN known.is_known THEN known.unclear_count END AS target_unclear_count,
  CASE WHEN known.is_known THEN known.returned_count END AS target_returned_count,
  CASE WHEN known.is_known THEN known.new_count END AS target_new_count,
  CASE WHEN known.is_known THEN known.still_count + known.unclear_count + known.returned_count + known.new_count END AS target_remaining_count,
  CASE
    WHEN known.is_known AND known.baseline_count > 0
      THEN CAST(CAST(known.exited_count AS DOUBLE) / known.baseline_count AS DECIMAL(12, 8))
  END AS target_exit_share
FROM known
LEFT JOIN ref.area AS area_name ON area_name.area_level = known.area_level AND area_name.area_code = known.area_code
