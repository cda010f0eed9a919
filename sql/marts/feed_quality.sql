-- mart.feed_quality
-- 数据质量：每个数据源每批报了多少行、填全没有、退回和重复多少行及原因、按哪种方法对上了人或户、晚了几天；从未报送的数据源也列一行。
-- Grain: one row per feed and batch; a feed without a batch has one row with state 'missing'.
-- 政策依据: 北委发〔2019〕5号 三(一)2 “及时采集录入”“规范信息采集、整理、反馈和发布工作”，“数据考核”。
-- Inputs: ref.feed, ops.batch, ops.link, ops.late_link, ops.column_fill, mart.feed_reject, ref.run.
-- Limits: 只列已入库 (merged) 和整批退回 (blocked) 的批次；处理中的和重复报送的不列，因此重复报送不会改变发布内容。
--   认不出属于哪个数据源的文件列在 feed 'unrecognised' 下。delay_days 从数据日期算到收到日期；age_days 从数据日期算到运行日。对接率只对有人员编号列的数据源计算。
--   完整率看必填的列，填充率看声明的所有列（文件里没有的列算没有填）；填了而读不懂的格算已填，由合格率反映。结构损坏的行不在两率之内。
--   没有证件号码的行以后对上的，按对上的办法分列；快照数据源的一批 = 那一天在册的行，因此包括退回行所保留的旧行，对接率以 1 为限。
--   只有现在在册的行才找人：这样的行以后有离册的，那一批不给出以后对上的行数和最终对接率。
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
-- Who was not found when the batch came: by the name in a household, by the document that names him, by weight, by people; or the household alone.
late AS (
  SELECT
    feed,
    batch_id,
    sum(CASE WHEN method IN ('household_name', 'name_birth_village') THEN rows ELSE 0 END) AS linked_namesake,
    sum(CASE WHEN method = 'reference' THEN rows ELSE 0 END) AS linked_reference,
    sum(CASE WHEN method = 'splink' THEN rows ELSE 0 END) AS linked_weighed,
    sum(CASE WHEN method IN ('household_number', 'head_village') THEN rows ELSE 0 END) AS linked_household,
    sum(CASE WHEN method NOT IN ('none', 'household_name', 'name_birth_village', 'reference', 'splink', 'household_number', 'head_village') THEN rows ELSE 0 END)
      AS linked_decided,
    sum(CASE WHEN method <> 'none' THEN rows ELSE 0 END) AS linked_late
  FROM ops.late_link
  GROUP BY feed, batch_id
),
filled AS (
  SELECT
    feed,
    batch_id,
    sum(CASE WHEN is_required THEN filled END) AS filled_required,
    sum(CASE WHEN is_required THEN rows END) AS cells_required,
    sum(filled) AS filled_cells,
    sum(rows) AS cells
  FROM ops.column_fill
  GROUP BY feed, batch_id
),
repeated AS (
  SELECT feed, batch_id, sum(reject_rows) AS repeated_rows
  FROM mart.feed_reject
  WHERE reject_code IN ('DUPLICATE_ROW', 'KEY_CONFLICT')
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
  CASE WHEN filled.cells_required > 0 THEN CAST(CAST(filled.filled_required AS DOUBLE) / filled.cells_required AS DECIMAL(12, 8)) END AS completeness,
  CASE WHEN filled.cells > 0 THEN CAST(CAST(filled.filled_cells AS DOUBLE) / filled.cells AS DECIMAL(12, 8)) END AS fill_rate,
  CASE WHEN batch.rows_read > 0 THEN CAST(CAST(batch.rows_read - batch.rows_quarantined AS DOUBLE) / batch.rows_read AS DECIMAL(12, 8)) END AS validity,
  CASE
    WHEN batch.rows_read > 0 AND batch.state = 'merged'
      THEN CAST(CAST(batch.rows_read - coalesce(repeated.repeated_rows, 0) AS DOUBLE) / batch.rows_read AS DECIMAL(12, 8))
  END AS uniqueness,
  reasons.reject_reasons,
  link.linked_id18,
  link.linked_id15,
  link.linked_cert20,
  link.linked_student_g,
  link.unlinked,
  CASE WHEN link.linkable > 0 THEN CAST(CAST(link.linked AS DOUBLE) / link.linkable AS DECIMAL(12, 8)) END AS link_rate,
  CAST(late.linked_namesake AS BIGINT) AS linked_namesake,
  CAST(late.linked_reference AS BIGINT) AS linked_reference,
  CAST(late.linked_weighed AS BIGINT) AS linked_weighed,
  CAST(late.linked_decided AS BIGINT) AS linked_decided,
  CAST(late.linked_household AS BIGINT) AS linked_household,
  CASE
    WHEN late.linked_late IS NULL AND link.unlinked > 0 THEN NULL
    WHEN link.linkable > 0 THEN CAST(least(CAST(link.linked + coalesce(late.linked_late, 0) AS DOUBLE) / link.linkable, 1) AS DECIMAL(12, 8))
    WHEN late.linked_late IS NOT NULL AND batch.rows_landed > 0
      THEN CAST(least(CAST(late.linked_late AS DOUBLE) / batch.rows_landed, 1) AS DECIMAL(12, 8))
  END AS link_rate_late
FROM ref.feed AS feed
FULL JOIN batch ON batch.feed = feed.feed
LEFT JOIN link ON link.feed = batch.feed AND link.batch_id = batch.batch_id
LEFT JOIN late ON late.feed = batch.feed AND late.batch_id = batch.batch_id
LEFT JOIN filled ON filled.feed = batch.feed AND filled.batch_id = batch.batch_id
LEFT JOIN repeated ON repeated.feed = batch.feed AND repeated.batch_id = batch.batch_id
LEFT JOIN reasons ON reasons.feed = batch.feed AND reasons.batch_id = batch.batch_id
CROSS JOIN ref.run
