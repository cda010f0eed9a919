-- mart.scorecard_item
-- 部门、乡镇考核分项：每个单位每月每个分项应有多少、做到多少，得多少分，占多少权重；量不了的为不适用，权重分给其余分项。
-- Grain: one row per unit (department or township), month and item.
-- 政策依据: 北委发〔2019〕5号 三(一)2 “数据考核”；D19 部门/乡镇考核。
-- Inputs: core.score_ground, core.score_coverage, core.score_month, ops.batch, ref.score_item, ref.feed, ref.department, ref.division.
-- Limits: 分项、权重和满分、零分的值按版本写在 sql/codes/score_item.csv，取当月第一天有效的一版；没有有效一版的月份没有行。计分 = (item_value − zero_value) ÷
--   (full_value − zero_value) × 100，限于 0 至 100；item_score = effective_weight × item_points，effective_weight 为权重占能计分各项权重之和的份额。
--   前五项 item_value = done_count ÷ due_count，没有应做的为不适用。覆盖率变化 = 当月建档立卡人口基本医疗参保率 − 上月的，上月没有数的为不适用；乡镇按本乡镇，
--   部门只考核报参保名单的部门，按全县。往月的数会因线索后来办结、数据补报而变，各数为到运行日的情况；以前发布的见历次发布。
-- Tie-breaks: none (sums only).
WITH town AS (
  SELECT town_code, max(town_name) AS town
  FROM ref.division
  GROUP BY town_code
),
unit AS (
  SELECT '部门' AS unit_kind, department AS unit_code, department, CAST(NULL AS VARCHAR) AS town_code, department_title AS unit_title FROM ref.department
  UNION ALL
  SELECT '乡镇' AS unit_kind, town_code AS unit_code, CAST(NULL AS VARCHAR) AS department, town_code, town AS unit_title FROM town
),
started AS (
  SELECT min(as_of) AS first_as_of
  FROM ops.batch
  WHERE state = 'merged'
),
month AS (
  SELECT month.stat_month
  FROM core.score_month AS month
  CROSS JOIN started
  WHERE month.is_scored AND started.first_as_of <= month.cutoff_date
),
covered AS (
  SELECT coalesce(town_code, '不详') AS town_code, stat_month, count(*) AS due_count, count(*) FILTER (WHERE is_insured) AS done_count
  FROM core.score_coverage
  GROUP BY coalesce(town_code, '不详'), stat_month
),
covered_unit AS (
  SELECT '乡镇' AS unit_kind, town_code AS unit_code, stat_month, due_count, done_count
  FROM covered
  UNION ALL
  SELECT
    '部门' AS unit_kind, feed.department AS unit_code, covered.stat_month, CAST(sum(covered.due_count) AS BIGINT) AS due_count,
    CAST(sum(covered.done_count) AS BIGINT) AS done_count
  FROM covered
  INNER JOIN ref.feed AS feed ON feed.feed = 'health_insurance'
  GROUP BY feed.department, covered.stat_month
),
measured AS (
  SELECT
    unit_kind, unit_code, stat_month, item_no, CAST(sum(due_amount) AS BIGINT) AS due_count, CAST(sum(done_amount) AS BIGINT) AS done_count,
    CAST(CAST(sum(done_amount) AS DOUBLE) / sum(due_amount) AS DECIMAL(12, 8)) AS item_value
  FROM core.score_ground
  GROUP BY unit_kind, unit_code, stat_month, item_no
  UNION ALL
  SELECT
    covered.unit_kind, covered.unit_code, covered.stat_month, 6 AS item_no, covered.due_count, covered.done_count,
    CAST(
      CAST(covered.done_count AS DOUBLE) / covered.due_count - CAST(earlier.done_count AS DOUBLE) / earlier.due_count AS DECIMAL(12, 8)
    ) AS item_value
  FROM covered_unit AS covered
  INNER JOIN core.score_month AS month ON month.stat_month = covered.stat_month
  LEFT JOIN covered_unit AS earlier
    ON earlier.unit_kind = covered.unit_kind AND earlier.unit_code = covered.unit_code AND earlier.stat_month = month.month_before
),
valued AS (
  SELECT
    unit.unit_kind, unit.unit_code, unit.department, unit.town_code, unit.unit_title, month.stat_month, item.formula_version, item.item_no, item.score_item,
    item.score_weight, measured.due_count, measured.done_count, measured.item_value,
    CASE
      WHEN measured.item_value IS NOT NULL
        THEN CAST(
          least(100, greatest(0, CAST(measured.item_value - item.zero_value AS DOUBLE) / CAST(item.full_value - item.zero_value AS DOUBLE) * 100))
          AS DECIMAL(9, 4)
        )
    END AS item_points
  FROM unit
  CROSS JOIN month
  INNER JOIN ref.score_item AS item ON item.unit_kind = unit.unit_kind
  LEFT JOIN measured
    ON measured.unit_kind = unit.unit_kind AND measured.unit_code = unit.unit_code AND measured.stat_month = month.stat_month
      AND measured.item_no = item.item_no
  WHERE month.stat_month >= item.valid_from AND month.stat_month < item.valid_to
),
weighed AS (
  SELECT
    valued.*,
    CASE
      WHEN item_points IS NOT NULL
        THEN CAST(score_weight AS DOUBLE)
          / sum(CASE WHEN item_points IS NOT NULL THEN CAST(score_weight AS DOUBLE) END) OVER (PARTITION BY unit_kind, unit_code, stat_month)
    END AS share
  FROM valued
)
SELECT
  unit_kind,
  department,
  town_code,
  stat_month,
  item_no,
  unit_title,
  score_item,
  formula_version,
  due_count AS item_due_count,
  done_count AS item_done_count,
  item_value,
  item_points,
  score_weight,
  CAST(share AS DECIMAL(12, 8)) AS effective_weight,
  CAST(share * CAST(item_points AS DOUBLE) AS DECIMAL(9, 4)) AS item_score,
  CASE WHEN item_points IS NULL THEN '不适用' ELSE '计分' END AS item_state
FROM weighed
