-- explain.target_tracker
-- 基准名单上的人和村各到了哪一步，返贫和新增的又是谁。
-- Inputs: core.target_baseline, core.registry_person_now, core.registry_household_now, core.village_now, ref.run.
-- Limits: 不在册的人没有人员键；贫困村在 record 中为村代码。
-- Derived: target_remaining_count = target_still_count + target_unclear_count + target_returned_count + target_new_count
-- Derived: target_exit_share = target_exited_count ÷ target_baseline_count
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
area_row AS (
  SELECT '村' AS area_level, village_code AS area_code, tracked.* FROM tracked
  UNION ALL
  SELECT '乡' AS area_level, substr(village_code, 1, 9) AS area_code, tracked.* FROM tracked
  UNION ALL
  SELECT '县' AS area_level, substr(village_code, 1, 6) AS area_code, tracked.* FROM tracked
)
SELECT
  area_level, area_code, target_year, target_kind,
  'target_baseline_count' AS figure,
  household_id,
  person_key,
  village_code AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM area_row
WHERE is_baseline
UNION ALL
SELECT
  area_level, area_code, target_year, target_kind,
  'target_exited_count' AS figure,
  household_id,
  person_key,
  village_code AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM area_row
WHERE tracked_state = '已退出'
UNION ALL
SELECT
  area_level, area_code, target_year, target_kind,
  'target_gone_count' AS figure,
  household_id,
  person_key,
  village_code AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM area_row
WHERE tracked_state = '不在册'
UNION ALL
SELECT
  area_level, area_code, target_year, target_kind,
  'target_still_count' AS figure,
  household_id,
  person_key,
  village_code AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM area_row
WHERE tracked_state = '未退出'
UNION ALL
SELECT
  area_level, area_code, target_year, target_kind,
  'target_unclear_count' AS figure,
  household_id,
  person_key,
  village_code AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM area_row
WHERE tracked_state = '不明'
UNION ALL
SELECT
  area_level, area_code, target_year, target_kind,
  'target_returned_count' AS figure,
  household_id,
  person_key,
  village_code AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM area_row
WHERE tracked_state = '返贫'
UNION ALL
SELECT
  area_level, area_code, target_year, target_kind,
  'target_new_count' AS figure,
  household_id,
  person_key,
  village_code AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM area_row
WHERE tracked_state = '新增'
