-- core.village_incidence_person
-- 贫困发生率的名单：每个村分子（贫困人口）和分母（农村户籍人口）各是哪些人，一人一行，供核对 mart.village_incidence。
-- Grain: one row per village, list (分子 / 分母) and person.
-- Kept as: view (as long as the register itself).
-- 政策依据: 北委发〔2019〕5号 三(一)3 “贫困村退出以综合贫困发生率低于2%为主要指标”；国家贫困退出机制的意见。
-- Inputs: core.resident, mart.person_status, ref.feed_state.
-- Limits: 分子按建档户所在村，分母按户籍所在村，同一人可能分属两村。户籍数据未到或过期时没有分母名单；建档数据未到或过期时没有分子名单。
-- Tie-breaks: none; a person stands at most once in each list (core.resident and mart.person_status hold one row per person).
WITH feed AS (
  SELECT
    coalesce(bool_or(feed = 'registry_household'), FALSE) AND coalesce(bool_or(feed = 'registry_person'), FALSE) AS has_registry,
    coalesce(bool_or(feed = 'household_registration'), FALSE) AS has_police
  FROM ref.feed_state
  WHERE is_present AND NOT is_stale
)
SELECT status.village_code, '分子' AS list, status.person_key
FROM mart.person_status AS status
CROSS JOIN feed
WHERE status.is_poor AND feed.has_registry
UNION ALL
SELECT resident.village_code, '分母' AS list, resident.person_key
FROM core.resident AS resident
CROSS JOIN feed
WHERE resident.is_on_register AND resident.is_rural AND feed.has_police
