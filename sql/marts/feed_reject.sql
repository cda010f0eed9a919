-- mart.feed_reject
-- 退回原因：每批数据每种错误原因、每个列各有多少行。
-- Grain: one row per batch, reject code, column and rule.
-- 政策依据: 北委发〔2019〕5号 三(一)2 “规范信息采集、整理、反馈和发布工作”。
-- Inputs: ops.reject, ops.batch.
-- Limits: 一行有几个原因时各计一次，合计会大于退回行数。只列已入库和整批退回的批次；重复报送不改变任何数据，不列。
-- Tie-breaks: none (counts only).
SELECT
  batch.feed,
  batch.batch_id,
  reject.code AS reject_code,
  reject."column" AS reject_column,
  reject.rule AS reject_rule,
  count(DISTINCT reject.source_row) AS reject_rows
FROM ops.reject AS reject
INNER JOIN ops.batch AS batch ON batch.feed = reject.feed AND batch.batch_id = reject.batch_id
WHERE batch.state IN ('merged', 'blocked')
GROUP BY batch.feed, batch.batch_id, reject.code, reject."column", reject.rule
