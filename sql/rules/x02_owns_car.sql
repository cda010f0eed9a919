-- X02 购置机动车
-- 建档立卡户的成员名下有正常状态的小型汽车，或购置价格超过上限的其他机动车的。
-- 政策依据: 建档立卡错评剔除“十原则”；北委发〔2019〕5号 三(一)1 精准识别、动态管理。
-- Severity: 橙
-- Owner: 乡镇
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: household（建档立卡共同生活户）
-- Scope: household_id = subject
-- Parameters: CAR_VALUE, TRUCK_LOAN_DAYS
-- Feeds: vehicle, registry_household, registry_person
-- Undone by: registry_household
-- Inputs: core.owned_car, core.member, core.registry_household_now.
-- Limits: 哪些车算数见 core.owned_car：残疾人代步车、三轮汽车、低速货车、报废注销的车、贷款买的货车不算；逾期未检验和价格不详的无法判定。
--   车辆登记在别人名下看不出来。命中只是核查理由。person_key 为名下有车的成员。
-- Tie-breaks: 几名成员有车时 person_key 取键最小的。
WITH owned AS (
  SELECT
    member.household_id,
    sum(car.car_count) AS car_count,
    sum(car.unclear_car_count) AS unclear_car_count,
    max(car.car_price_yuan) AS car_price_yuan,
    min(CASE WHEN car.car_count > 0 THEN member.person_key END) AS owner_key
  FROM core.owned_car AS car
  INNER JOIN core.member AS member ON member.person_key = car.person_key
  WHERE member.is_registered AND NOT member.is_deceased
  GROUP BY member.household_id
)
SELECT
  household.household_id AS subject,
  coalesce(owned.owner_key, household.person_key) AS person_key,
  household.household_id,
  household.village_code,
  CASE
    WHEN owned.car_count > 0 THEN '命中'
    WHEN owned.unclear_car_count > 0 THEN '无法判定'
    ELSE '未命中'
  END AS verdict,
  '名下有机动车' AS clue_reason,
  CAST(coalesce(owned.car_count, 0) AS BIGINT) AS car_count,
  CAST(coalesce(owned.unclear_car_count, 0) AS BIGINT) AS unclear_car_count,
  owned.car_price_yuan
FROM core.registry_household_now AS household
LEFT JOIN owned ON owned.household_id = household.household_id
