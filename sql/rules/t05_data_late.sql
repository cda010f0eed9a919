-- T05 数据迟报
-- 一个数据源最近一批数据的日期，离运行日已经超过约定的天数。
-- 政策依据: 北委发〔2019〕5号 三(一)2 “及时采集录入”、“数据考核”。
-- Severity: 黄
-- Owner: fupinban
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: feed（不按户）
-- Parameters: none
-- Feeds: none
-- Inputs: ref.feed, ref.feed_state, ref.run.
-- Limits: 约定的天数为各数据源声明的有效期，恰好满期不算迟。数据日期取已入库各批中最晚的；整批退回的不算报送。从未报送的不判：
--   平台不知道是否已经约定报送，mart.feed_quality 列出。督促由扶贫办转有关部门。
-- Tie-breaks: none; one row per feed.
SELECT
  feed.feed AS subject,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS household_id,
  CAST(NULL AS VARCHAR) AS village_code,
  CASE WHEN date_diff('day', state.last_as_of, run.as_of) > feed.freshness_days THEN '命中' ELSE '未命中' END AS verdict,
  feed.title AS feed_title,
  feed.department_title,
  state.last_as_of,
  CAST(date_diff('day', state.last_as_of, run.as_of) AS BIGINT) AS age_days,
  feed.freshness_days
FROM ref.feed AS feed
CROSS JOIN ref.run AS run
INNER JOIN ref.feed_state AS state ON state.feed = feed.feed
WHERE state.last_as_of IS NOT NULL
