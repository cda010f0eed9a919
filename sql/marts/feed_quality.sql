-- mart.feed_quality
-- 数据质量：每个数据源每批报了多少行、退回多少行及原因、按哪种方法对上了人、晚了几天；从未报送的数据源也列一行。
-- Grain: one row per feed and batch; a feed without a batch has one row with state 'missing'.
-- 政策依据: 北委发〔2019〕5号 三(一)2 “及时采集录入”“规范信息采集、整理、反馈和发布工作”，“数据考核”。
-- Inputs: ref.feed, ops.batch, ops.link, mart.feed_reject, ref.run.
-- Limits: 只列已入库 (merged) 和整批退回 (blocked) 的批次；处理中的和重复报送的不列，因此重复报送不会改变发布内容。
--   认不出属于哪个数据源的文件列在 feed 'unrecognised' 下。delay_days 从数据日期算到收到日期；age_days 从数据日期算到运行日。对接率只对有人员编号列的数据源计算。
-- Tie-breaks: none; reasons are listed by descending rows, then by code.
WITH link AS (
  SELECT
    feed,
    batch_id,
    CAST(sum(CASE WHEN method = 'id18' THEN rows ELSE 0 END) AS BIGINT) AS linked_id18,
    CAST(sum(CASE WHEN method = 'id15' THEN rows ELSE 0 END) AS BIGINT) AS linked_id15,
    CAST(sum(CASE WHEN method = 'cert20' THEN rows ELSE 0 END) AS BIGINT) AS linked_cert20,
    CAST(sum(CASE WHEN method = 'student_g' THEN rows ELSE 0 END) AS BIGINT) AS linked_student_g,
    CAST(sum(CASE WHEN method = 'none' THEN rows ELSE 0 END) AS BIGINT) AS unlinked,
    CAST(sum(CASE WHEN method <> 'none' THEN rows ELSE 0 END) AS BIGINT) AS linked,
    CAST(sum(rows) AS BIGINT) AS linkable
  FROM ops.link
  WHERE method IS NOT NULL
  GROUP BY feed, batch_id
),
reason AS (
  SELECT feed, batch_id, coalesce(reject_rule, reject_code) AS reason, sum(reject_rows) AS reason_rows
  FROM mart.feed_reject
  GROUP BY feed, batch_id, coalesce(reject_rule, reject_code)
),
reasons AS (
  SELECT
    feed,
    batch_id,
    string_agg(reason || ' ' || CAST(reason_rows AS VARCHAR), '；' ORDER BY reason_rows DESC, reason) AS reject_reasons
  FROM reason
  GROUP BY feed, batch_id
),
batch AS (
  SELECT *
  FROM ops.batch
  WHERE state IN ('merged', 'blocked')
)
SELECT
  coalesce(feed.feed, batch.feed) AS feed,
  feed.title AS feed_title,
  feed.department_title,
  batch.batch_id,
  coalesce(batch.state, 'missing') AS state,
  batch.as_of,
  CAST(batch.received_at AS DATE) AS received_date,
  CAST(date_diff('day', batch.as_of, CAST(batch.received_at AS DATE)) AS BIGINT) AS delay_days,
  CAST(date_diff('day', batch.as_of, run.as_of) AS BIGINT) AS age_days,
  feed.freshness_days,
  date_diff('day', batch.as_of, CAST(batch.received_at AS DATE)) > feed.freshness_days AS is_late,
  batch.correction_of IS NOT NULL AS is_correction,
  batch.rows_read,
  batch.rows_landed,
  batch.rows_quarantined,
  batch.rows_skipped,
  batch.rows_inserted,
  batch.rows_ended,
  batch.rows_unchanged,
  CASE WHEN batch.rows_read > 0 THEN CAST(CAST(batch.rows_quarantined AS DOUBLE) / batch.rows_read AS DECIMAL(12, 8)) END
    AS quarantine_rate,
  reasons.reject_reasons,
  link.linked_id18,
  link.linked_id15,
  link.linked_cert20,
  link.linked_student_g,
  link.unlinked,
  CASE WHEN link.linkable > 0 THEN CAST(CAST(link.linked AS DOUBLE) / link.linkable AS DECIMAL(12, 8)) END AS link_rate
FROM ref.feed AS feed
FULL JOIN batch ON batch.feed = feed.feed
LEFT JOIN link ON link.feed = batch.feed AND link.batch_id = batch.batch_id
LEFT JOIN reasons ON reasons.feed = batch.feed AND reasons.batch_id = batch.batch_id
CROSS JOIN ref.run
