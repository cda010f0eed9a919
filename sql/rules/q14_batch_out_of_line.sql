-- Q14 批次异常
-- 一个数据源最近一批与上一批相比，行数或金额合计多了、少了三成以上，金额像是弄错了单位，或者关键列大量为空。
-- 政策依据: 北委发〔2019〕5号 三(一)2 “规范信息采集、整理、反馈和发布工作”、“数据考核”；比例为工作口径，待核准。
-- Severity: 红
-- Owner: fupinban
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: feed（最近一批；不按户）
-- Parameters: BATCH_CHANGE, BATCH_UNIT_MIN, BATCH_UNIT_MAX, BATCH_KEY_EMPTY
-- Feeds: none
-- Inputs: ops.batch, ops.batch_figure, ref.feed, ref.parameter.
-- Limits: 行数骤减、单位相差约一万倍、关键列全空的批次在接收时已经整批退回，退回后还没有新的一批入库的这里也命中。行数和金额合计只比全量名单；
--   流水和增补类数据每批本来就不一样多，只看金额单位和关键列。更正、增量、乡镇分报的批次不比。恰好三成、恰好百分之五不算。金额合计上一批为零
--   或没有的不比。没有上一批的无法判定。关键列为空的行已逐行退回，没有入库。
-- Tie-breaks: 批次按数据日期、收到时间、批次号排先后。
WITH parameter AS (
  SELECT
    max(CASE WHEN parameter.code = 'BATCH_CHANGE' THEN parameter.value END) AS change_limit,
    max(CASE WHEN parameter.code = 'BATCH_UNIT_MIN' THEN parameter.value END) AS unit_min,
    max(CASE WHEN parameter.code = 'BATCH_UNIT_MAX' THEN parameter.value END) AS unit_max,
    max(CASE WHEN parameter.code = 'BATCH_KEY_EMPTY' THEN parameter.value END) AS key_empty_limit
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
delivery AS (
  SELECT
    batch.feed, feed.title, feed.department_title, feed.mode, batch.batch_id, batch.as_of, batch.received_at, batch.rows_read,
    row_number() OVER (PARTITION BY batch.feed ORDER BY batch.as_of DESC, batch.received_at DESC, batch.batch_id DESC) AS turn
  FROM ops.batch AS batch
  INNER JOIN ref.feed AS feed ON feed.feed = batch.feed
  WHERE batch.state = 'merged' AND batch.correction_of IS NULL AND (feed.mode <> 'snapshot' OR coalesce(batch.coverage, 'full') = 'full')
),
arrived AS (
  SELECT feed, max(received_at) AS last_received_at
  FROM ops.batch
  WHERE state = 'merged'
  GROUP BY feed
),
held AS (
  SELECT batch.feed, count(*) AS held_count
  FROM ops.batch AS batch
  INNER JOIN arrived ON arrived.feed = batch.feed
  WHERE
    batch.state = 'blocked' AND batch.received_at > arrived.last_received_at
    AND (contains(batch.reason, 'ROW_COUNT_COLLAPSE') OR contains(batch.reason, 'UNIT_JUMP') OR contains(batch.reason, 'ALL_ROWS_REJECTED'))
  GROUP BY batch.feed
),
compared AS (
  SELECT
    newest.feed, newest.title, newest.department_title, newest.mode, newest.batch_id, newest.as_of, newest.rows_read,
    previous.batch_id AS previous_batch_id, previous.rows_read AS previous_rows_read,
    CASE WHEN previous.rows_read > 0 THEN CAST(CAST(newest.rows_read AS DOUBLE) / previous.rows_read - 1 AS DECIMAL(18, 8)) END AS row_change
  FROM delivery AS newest
  LEFT JOIN (SELECT * FROM delivery WHERE turn = 2) AS previous ON previous.feed = newest.feed
  WHERE newest.turn = 1
),
-- Amounts of both batches, column by column.
money AS (
  SELECT
    compared.feed, newest.column_label,
    CASE WHEN compared.mode = 'snapshot' AND previous.total_yuan > 0 THEN round(CAST(newest.total_yuan AS DOUBLE) / CAST(previous.total_yuan AS DOUBLE) - 1, 8) END AS total_change,
    CASE
      WHEN newest.median_yuan > 0 AND previous.median_yuan > 0
        THEN greatest(newest.median_yuan / previous.median_yuan, previous.median_yuan / newest.median_yuan)
    END AS median_ratio
  FROM compared
  INNER JOIN ops.batch_figure AS newest ON newest.feed = compared.feed AND newest.batch_id = compared.batch_id
  INNER JOIN ops.batch_figure AS previous
    ON previous.feed = compared.feed AND previous.batch_id = compared.previous_batch_id AND previous.column_name = newest.column_name
),
odd_money AS (
  SELECT
    money.feed,
    max(abs(money.total_change)) AS total_change,
    bool_or(coalesce(abs(money.total_change) > parameter.change_limit, FALSE)) AS is_total_odd,
    bool_or(coalesce(money.median_ratio > parameter.unit_min AND money.median_ratio < parameter.unit_max, FALSE)) AS is_unit_odd,
    string_agg(
      CASE
        WHEN abs(money.total_change) > parameter.change_limit OR (money.median_ratio > parameter.unit_min AND money.median_ratio < parameter.unit_max)
          THEN money.column_label
      END, '、' ORDER BY money.column_label
    ) AS odd_columns
  FROM money
  CROSS JOIN parameter
  GROUP BY money.feed
),
odd_key AS (
  SELECT
    compared.feed,
    max(CAST(figure.empty_rows AS DOUBLE) / compared.rows_read) AS key_empty_share,
    string_agg(
      CASE WHEN CAST(figure.empty_rows AS DOUBLE) / compared.rows_read > parameter.key_empty_limit THEN figure.column_label END, '、'
      ORDER BY figure.column_label
    ) AS empty_columns
  FROM compared
  CROSS JOIN parameter
  INNER JOIN ops.batch_figure AS figure ON figure.feed = compared.feed AND figure.batch_id = compared.batch_id
  WHERE figure.empty_rows IS NOT NULL AND compared.rows_read > 0
  GROUP BY compared.feed
),
judged AS (
  SELECT
    compared.*,
    odd_money.total_change,
    odd_key.key_empty_share,
    concat_ws('、', odd_money.odd_columns, odd_key.empty_columns) AS odd_columns,
    coalesce(held.held_count, 0) AS held_count,
    concat_ws(
      '、',
      CASE WHEN held.held_count > 0 THEN '整批退回后没有补报' END,
      CASE WHEN compared.mode = 'snapshot' AND abs(compared.row_change) > parameter.change_limit THEN '行数变化过大' END,
      CASE WHEN odd_money.is_total_odd THEN '金额合计变化过大' END,
      CASE WHEN odd_money.is_unit_odd THEN '金额单位可能有误' END,
      CASE WHEN odd_key.empty_columns IS NOT NULL THEN '关键列为空过多' END
    ) AS clue_reason
  FROM compared
  CROSS JOIN parameter
  LEFT JOIN odd_money ON odd_money.feed = compared.feed
  LEFT JOIN odd_key ON odd_key.feed = compared.feed
  LEFT JOIN held ON held.feed = compared.feed
)
SELECT
  feed AS subject,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS household_id,
  CAST(NULL AS VARCHAR) AS village_code,
  CASE WHEN clue_reason <> '' THEN '命中' WHEN previous_batch_id IS NULL THEN '无法判定' ELSE '未命中' END AS verdict,
  clue_reason,
  title AS feed_title,
  department_title,
  batch_id,
  as_of,
  rows_read,
  previous_batch_id,
  previous_rows_read,
  CAST(CASE WHEN row_change > 9999 THEN 9999 ELSE row_change END AS DECIMAL(12, 8)) AS row_change,
  CAST(CASE WHEN total_change > 9999 THEN 9999 ELSE total_change END AS DECIMAL(12, 8)) AS total_change,
  CAST(key_empty_share AS DECIMAL(12, 8)) AS key_empty_share,
  nullif(odd_columns, '') AS odd_columns,
  held_count
FROM judged
