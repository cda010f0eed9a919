-- X03 城镇房产、商铺
-- 建档立卡户的成员名下有商品房或商铺的。
-- 政策依据: 建档立卡错评剔除“十原则”；北委发〔2019〕5号 三(一)1 精准识别、动态管理。
-- Severity: 橙
-- Owner: 乡镇
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: household（建档立卡共同生活户）
-- Scope: household_id = subject
-- Parameters: none
-- Feeds: real_estate, registry_household, registry_person
-- Undone by: registry_household
-- Inputs: core.owned_house, core.member, core.registry_household_now.
-- Limits: 哪些房产算数见 core.owned_house：自建、易地搬迁和拆迁安置、保障性住房不算，继承、赠与和来历不详的住宅无法判定。没有登记的买卖看不出来。
--   命中只是核查理由。person_key 为名下有房产的成员。
-- Tie-breaks: 几名成员有房产时 person_key 取键最小的。
WITH owned AS (
  SELECT
    member.household_id,
    sum(house.commodity_house_count) AS commodity_house_count,
    sum(house.shop_count) AS shop_count,
    sum(house.unclear_house_count) AS unclear_house_count,
    min(CASE WHEN house.commodity_house_count + house.shop_count > 0 THEN member.person_key END) AS owner_key
  FROM core.owned_house AS house
  INNER JOIN core.member AS member ON member.person_key = house.person_key
  WHERE member.is_registered AND NOT member.is_deceased
  GROUP BY member.household_id
)
SELECT
  household.household_id AS subject,
  coalesce(owned.owner_key, household.person_key) AS person_key,
  household.household_id,
  household.village_code,
  CASE
    WHEN owned.commodity_house_count + owned.shop_count > 0 THEN '命中'
    WHEN owned.unclear_house_count > 0 THEN '无法判定'
    ELSE '未命中'
  END AS verdict,
  '名下有商品房或商铺' AS clue_reason,
  CAST(coalesce(owned.commodity_house_count, 0) AS BIGINT) AS commodity_house_count,
  CAST(coalesce(owned.shop_count, 0) AS BIGINT) AS shop_count,
  CAST(coalesce(owned.unclear_house_count, 0) AS BIGINT) AS unclear_house_count
FROM core.registry_household_now AS household
LEFT JOIN owned ON owned.household_id = household.household_id
