-- explain.fairness
-- 标准上下各带是哪些户，各得了多少帮扶。
-- Inputs: core.registry_household_now, core.aid_measure_now, ref.parameter, ref.run.
-- Limits: 帮扶为近十二个月帮扶措施登记的金额，全户合计。
-- Derived: bunching_ratio = 4 × bunch_households ÷ neighbour_households; below_mean_aid_yuan = 合计 ÷ 户数; above_mean_aid_yuan = 合计 ÷ 户数
-- Derived: line_jump_yuan = 两边户均之差; jump_low_yuan = 95% 区间下限; jump_high_yuan = 95% 区间上限
WITH parameter AS (
  SELECT
    max(CASE WHEN parameter.code = 'LINE_NAT_WORK' THEN parameter.value END) AS line,
    max(CASE WHEN parameter.code = 'BUNCH_WIDTH' THEN parameter.value END) AS bunch_width,
    max(CASE WHEN parameter.code = 'CLIFF_WIDTH' THEN parameter.value END) AS cliff_width
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
aid AS (
  SELECT measure.household_id, sum(measure.aid_yuan) AS aid_yuan
  FROM core.aid_measure_now AS measure
  CROSS JOIN ref.run AS run
  WHERE measure.aid_date > run.as_of - INTERVAL 1 YEAR AND measure.aid_date <= run.as_of
  GROUP BY measure.household_id
),
household AS (
  SELECT
    coalesce(registry.village_code, '不详') AS village_code, registry.household_id,
    registry.net_income_per_head_yuan AS income, coalesce(aid.aid_yuan, 0) AS aid_yuan,
    parameter.line, parameter.bunch_width, parameter.cliff_width
  FROM core.registry_household_now AS registry
  CROSS JOIN parameter
  LEFT JOIN aid ON aid.household_id = registry.household_id
),
area_row AS (
  SELECT '村' AS area_level, village_code AS area_code, household.* FROM household
  UNION ALL
  SELECT '乡' AS area_level, substr(village_code, 1, 9) AS area_code, household.* FROM household
  UNION ALL
  SELECT '县' AS area_level, substr(village_code, 1, 6) AS area_code, household.* FROM household
)
SELECT
  area_level, area_code,
  'income_known_households' AS figure,
  household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM area_row
WHERE income IS NOT NULL AND line IS NOT NULL
UNION ALL
SELECT
  area_level, area_code,
  'bunch_households' AS figure,
  household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM area_row
WHERE income >= line AND income < line * (1 + bunch_width)
UNION ALL
SELECT
  area_level, area_code,
  'neighbour_households' AS figure,
  household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM area_row
WHERE income >= line * (1 - 2 * bunch_width) AND income < line OR income >= line * (1 + bunch_width) AND income < line * (1 + 3 * bunch_width)
UNION ALL
SELECT
  area_level, area_code,
  'below_band_households' AS figure,
  household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM area_row
WHERE income >= line * (1 - cliff_width) AND income < line
UNION ALL
SELECT
  area_level, area_code,
  'above_band_households' AS figure,
  household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM area_row
WHERE income >= line AND income < line * (1 + cliff_width)
UNION ALL
SELECT
  area_level, area_code,
  'below_aid_yuan' AS figure,
  household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(aid_yuan AS DECIMAL(18, 2)) AS amount
FROM area_row
WHERE income >= line * (1 - cliff_width) AND income < line
UNION ALL
SELECT
  area_level, area_code,
  'above_aid_yuan' AS figure,
  household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(aid_yuan AS DECIMAL(18, 2)) AS amount
FROM area_row
WHERE income >= line AND income < line * (1 + cliff_width)
