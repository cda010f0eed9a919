-- core.score_ground
-- 考核各分项背后的事：哪个数据源该报、报了没有，哪批多少行、合格多少、对上多少，哪条线索到期、办了没有。mart.scorecard_item 加这些行，explain 列这些行。
-- Grain: one row per unit, month, item and record (数据源、批次、线索的一轮).
-- Kept as: view (added up once by the mart and listed on request).
-- 政策依据: 北委发〔2019〕5号 三(一)2 “数据考核”。
-- Inputs: ops.batch, ops.link, ref.feed, ref.run, core.clue_state, core.score_month.
-- Limits: 部门只考核归它报的数据源，别的部门代报的批次谁也不算；从来不到期的数据源（freshness_days 为 36500 及以上）不算该报。
--   该报: 数据源首批数据日期所在月起每月一次，从来没有报过的只在运行日所在月算一次。及时: 到当月截止日有一批数据，数据日期离截止日、收到日期离数据日期都不超过
--   freshness_days。合格率、对接率按批次的数据日期归月（没有数据日期的整批退回按收到日期，不晚于运行日）；整批退回的一行也不合格。
--   按期办结: 应办日期在当月且早于运行日，到应办日期有属实或不属实的结论、或规则不再命中。属实整改: 结论日期在当月的属实线索，到运行日已报整改。申诉冻结的、蓝色的不算。
-- Tie-breaks: none (every record once).
WITH first AS (
  SELECT feed, min(as_of) AS first_as_of
  FROM ops.batch
  WHERE state = 'merged'
  GROUP BY feed
),
due AS (
  SELECT feed.department, feed.feed, feed.freshness_days, month.stat_month, month.cutoff_date
  FROM ref.feed AS feed
  CROSS JOIN core.score_month AS month
  LEFT JOIN first ON first.feed = feed.feed
  WHERE feed.freshness_days < 36500 AND month.is_scored AND (coalesce(first.first_as_of <= month.cutoff_date, FALSE) OR month.is_run_month)
),
in_time AS (
  SELECT due.feed, due.stat_month
  FROM due
  INNER JOIN ops.batch AS batch ON batch.feed = due.feed
  WHERE
    batch.state = 'merged' AND batch.as_of <= due.cutoff_date
    AND date_diff('day', batch.as_of, due.cutoff_date) <= due.freshness_days
    AND date_diff('day', batch.as_of, CAST(batch.received_at AS DATE)) <= due.freshness_days
  GROUP BY due.feed, due.stat_month
),
own_batch AS (
  SELECT
    feed.department, batch.feed, batch.batch_id, batch.state,
    CAST(date_trunc('month', least(coalesce(batch.as_of, CAST(batch.received_at AS DATE)), run.as_of)) AS DATE) AS stat_month,
    CAST(CASE
      WHEN batch.state = 'merged' THEN coalesce(batch.rows_landed, 0) + coalesce(batch.rows_quarantined, 0)
      ELSE greatest(coalesce(batch.rows_read, 0), 1)
    END AS BIGINT) AS read_rows,
    CAST(CASE WHEN batch.state = 'merged' THEN coalesce(batch.rows_landed, 0) ELSE 0 END AS BIGINT) AS good_rows
  FROM ops.batch AS batch
  INNER JOIN ref.feed AS feed ON feed.feed = batch.feed AND feed.department = batch.department
  CROSS JOIN ref.run AS run
  WHERE batch.state IN ('merged', 'blocked')
),
linked AS (
  SELECT feed, batch_id, CAST(sum(rows) AS BIGINT) AS linkable_rows, CAST(sum(CASE WHEN method <> 'none' THEN rows ELSE 0 END) AS BIGINT) AS linked_rows
  FROM ops.link
  WHERE method IS NOT NULL
  GROUP BY feed, batch_id
),
clue AS (
  SELECT
    CASE WHEN state.owner = '乡镇' THEN '乡镇' ELSE '部门' END AS unit_kind,
    CASE WHEN state.owner = '乡镇' THEN state.town_code ELSE state.owner END AS unit_code,
    state.clue_id || ' ' || CAST(state.round AS VARCHAR) AS record,
    state.household_id, state.person_key, state.due_date, state.concluded_on, state.cleared_on, state.conclusion_code, state.handling_code,
    coalesce(state.due_date < run.as_of, FALSE) AS is_due,
    CAST(date_trunc('month', state.due_date) AS DATE) AS due_month,
    CAST(date_trunc('month', least(state.concluded_on, run.as_of)) AS DATE) AS concluded_month
  FROM core.clue_state AS state
  CROSS JOIN ref.run AS run
  WHERE NOT state.is_frozen
)
SELECT
  '部门' AS unit_kind, due.department AS unit_code, due.stat_month, 1 AS item_no, due.feed AS record,
  CAST(NULL AS VARCHAR) AS household_id, CAST(NULL AS BIGINT) AS person_key,
  CAST(1 AS BIGINT) AS due_amount, CAST(CASE WHEN in_time.feed IS NOT NULL THEN 1 ELSE 0 END AS BIGINT) AS done_amount
FROM due
LEFT JOIN in_time ON in_time.feed = due.feed AND in_time.stat_month = due.stat_month
UNION ALL
SELECT
  '部门' AS unit_kind, department AS unit_code, stat_month, 2 AS item_no, feed || ' ' || batch_id AS record,
  CAST(NULL AS VARCHAR) AS household_id, CAST(NULL AS BIGINT) AS person_key, read_rows AS due_amount, good_rows AS done_amount
FROM own_batch
WHERE read_rows > 0
UNION ALL
SELECT
  '部门' AS unit_kind, batch.department AS unit_code, batch.stat_month, 3 AS item_no, batch.feed || ' ' || batch.batch_id AS record,
  CAST(NULL AS VARCHAR) AS household_id, CAST(NULL AS BIGINT) AS person_key, linked.linkable_rows AS due_amount, linked.linked_rows AS done_amount
FROM own_batch AS batch
INNER JOIN linked ON linked.feed = batch.feed AND linked.batch_id = batch.batch_id
WHERE batch.state = 'merged' AND linked.linkable_rows > 0
UNION ALL
SELECT
  unit_kind, unit_code, due_month AS stat_month, 4 AS item_no, record, household_id, person_key, CAST(1 AS BIGINT) AS due_amount,
  CAST(CASE WHEN coalesce(concluded_on <= due_date AND conclusion_code IN ('0', '1'), FALSE) OR coalesce(cleared_on <= due_date, FALSE) THEN 1 ELSE 0 END AS BIGINT)
    AS done_amount
FROM clue
WHERE is_due AND unit_code IS NOT NULL
UNION ALL
SELECT
  unit_kind, unit_code, concluded_month AS stat_month, 5 AS item_no, record, household_id, person_key, CAST(1 AS BIGINT) AS due_amount,
  CAST(CASE WHEN handling_code = '2' THEN 1 ELSE 0 END AS BIGINT) AS done_amount
FROM clue
WHERE conclusion_code = '1' AND concluded_month IS NOT NULL AND unit_code IS NOT NULL
