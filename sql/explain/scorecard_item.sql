-- explain.scorecard_item
-- 考核分项的应有和做到各是哪些数据源、批次、线索、人。
-- Inputs: core.score_ground, core.score_coverage, ref.feed.
-- Limits: record 为数据源、数据源和批次号、线索编号和轮次；覆盖率变化一项为人，只列当月的，与上月的差见 item_value。
-- Derived: item_value = item_done_count ÷ item_due_count，覆盖率变化再减去上月的
-- Derived: item_points = (item_value − zero_value) ÷ (full_value − zero_value) × 100; score_weight = 当月有效的一版权重
-- Derived: effective_weight = score_weight ÷ 能计分各项权重之和; item_score = effective_weight × item_points
WITH covered AS (
  SELECT '乡镇' AS unit_kind, coverage.town_code AS unit_code, coverage.* EXCLUDE (town_code)
  FROM core.score_coverage AS coverage
  WHERE coverage.town_code IS NOT NULL
  UNION ALL
  SELECT '部门' AS unit_kind, feed.department AS unit_code, coverage.* EXCLUDE (town_code)
  FROM core.score_coverage AS coverage
  INNER JOIN ref.feed AS feed ON feed.feed = 'health_insurance'
),
listed AS (
  SELECT unit_kind, unit_code, stat_month, item_no, 'item_due_count' AS figure, household_id, person_key, record, due_amount AS amount
  FROM core.score_ground
  UNION ALL
  SELECT unit_kind, unit_code, stat_month, item_no, 'item_done_count' AS figure, household_id, person_key, record, done_amount AS amount
  FROM core.score_ground
  WHERE done_amount > 0
  UNION ALL
  SELECT unit_kind, unit_code, stat_month, 6 AS item_no, 'item_due_count' AS figure, household_id, person_key, village_code AS record, 1 AS amount
  FROM covered
  UNION ALL
  SELECT unit_kind, unit_code, stat_month, 6 AS item_no, 'item_done_count' AS figure, household_id, person_key, village_code AS record, 1 AS amount
  FROM covered
  WHERE is_insured
)
SELECT
  unit_kind,
  CASE WHEN unit_kind = '部门' THEN unit_code END AS department,
  CASE WHEN unit_kind = '乡镇' THEN unit_code END AS town_code,
  stat_month,
  item_no,
  figure,
  household_id,
  person_key,
  record,
  CAST(amount AS DECIMAL(18, 2)) AS amount
FROM listed
