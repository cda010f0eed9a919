-- core.refused_household
-- 最近一期名单里有行被退回的户：缺的人可能就在退回的行里，不能当作没有这个人。
-- Grain: one row per feed and household of which a row was refused.
-- 政策依据: 北委发〔2019〕5号 三(一)2 “规范信息采集、整理、反馈和发布工作”。
-- Inputs: ops.reject, ops.batch, ref.feed_state.
-- Limits: 最近一期 = 数据日期最新的各批。户编号本身认不出的行不知道是哪一户，不在其中；完全重复的行有一行已收下，不算。
-- Tie-breaks: none (a set).
SELECT reject.feed, reject.household_id
FROM ops.reject AS reject
INNER JOIN ops.batch AS batch ON batch.feed = reject.feed AND batch.batch_id = reject.batch_id
INNER JOIN ref.feed_state AS state ON state.feed = batch.feed AND state.last_as_of = batch.as_of
WHERE batch.state = 'merged' AND reject.household_id IS NOT NULL AND reject.code <> 'DUPLICATE_ROW'
GROUP BY reject.feed, reject.household_id
