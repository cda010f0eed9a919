-- X09 故意分户、并户
-- 识别以前不久分户或并户，原户的成年人名下有车、有商品房或商铺的。
-- 政策依据: 建档立卡错评剔除“十原则”；北委发〔2019〕5号 三(一)1 精准识别、动态管理。
-- Severity: 橙
-- Owner: 乡镇
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: household（建档立卡共同生活户）
-- Parameters: SPLIT_MONTHS, CAR_VALUE, TRUCK_LOAN_DAYS
-- Feeds: registry_household, registry_person, household_registration, vehicle|real_estate
-- Inputs: core.household_registration_now, core.household_registration, core.member, core.owned_car, core.owned_house,
--   core.registry_household_now, ref.parameter, ref.feed_state, ref.run.
-- Limits: 分户、并户取户籍变动类型和日期，以及各期户籍名单中户号的变化（变化日期为后一期的数据日期）；识别只知年月，当月的变动也算。原户 = 原户号
--   现有的人，不含本建档户的成员；亲属关系看不出来，原户 18 周岁以上的都算。车、房算不算数见 core.owned_car、core.owned_house。
--   有变动而原户号不详、识别年月不详、车房说不清或缺一样数据的，无法判定。
-- Tie-breaks: none (sums and counts only).
WITH parameter AS (
  SELECT max(CASE WHEN parameter.code = 'SPLIT_MONTHS' THEN parameter.value END) AS split_months
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
ready AS (
  SELECT count(*) = 2 AS is_complete
  FROM ref.feed_state
  WHERE is_present AND NOT is_stale AND feed IN ('vehicle', 'real_estate')
),
changed AS (
  SELECT member.household_id, registration.change_date, registration.former_hukou_no
  FROM core.household_registration_now AS registration
  INNER JOIN core.member AS member ON member.person_key = registration.person_key
  WHERE registration.change_code IN ('7', '8') AND member.is_registered
  UNION
  SELECT member.household_id, former.valid_to AS change_date, former.hukou_no AS former_hukou_no
  FROM core.household_registration AS former
  INNER JOIN core.member AS member ON member.person_key = former.person_key
  WHERE
    former.recorded_to = TIMESTAMP '9999-12-31 00:00:00' AND former.valid_to < DATE '9999-12-31' AND member.is_registered
    AND former.hukou_no <> member.hukou_no
),
recent AS (
  SELECT changed.household_id, changed.change_date, changed.former_hukou_no, household.identified_month
  FROM changed
  INNER JOIN core.registry_household_now AS household ON household.household_id = changed.household_id
  CROSS JOIN parameter
  WHERE
    household.identified_month IS NULL OR changed.change_date IS NULL
    OR (
      changed.change_date >= household.identified_month - INTERVAL 1 MONTH * CAST(parameter.split_months AS INTEGER)
      AND changed.change_date < household.identified_month + INTERVAL 1 MONTH
    )
),
book AS (
  SELECT household_id, former_hukou_no
  FROM recent
  WHERE former_hukou_no IS NOT NULL
  GROUP BY household_id, former_hukou_no
),
wealth AS (
  SELECT
    book.household_id,
    sum(coalesce(car.car_count, 0)) AS car_count,
    sum(coalesce(house.commodity_house_count, 0) + coalesce(house.shop_count, 0)) AS town_house_count,
    sum(coalesce(car.unclear_car_count, 0) + coalesce(house.unclear_house_count, 0)) AS unclear_count
  FROM book
  INNER JOIN core.member AS relative ON relative.hukou_no = book.former_hukou_no
  LEFT JOIN core.owned_car AS car ON car.person_key = relative.person_key
  LEFT JOIN core.owned_house AS house ON house.person_key = relative.person_key
  WHERE relative.household_id IS DISTINCT FROM book.household_id AND relative.age >= 18 AND NOT relative.is_deceased
  GROUP BY book.household_id
),
split AS (
  SELECT
    household_id,
    max(change_date) AS split_date,
    count(*) AS split_count,
    count(*) FILTER (WHERE identified_month IS NULL OR change_date IS NULL) AS undated_count,
    count(*) FILTER (WHERE former_hukou_no IS NULL) AS bookless_count
  FROM recent
  GROUP BY household_id
)
SELECT
  household.household_id AS subject,
  household.person_key,
  household.household_id,
  household.village_code,
  CASE
    WHEN split.household_id IS NULL THEN '未命中'
    WHEN coalesce(wealth.car_count, 0) + coalesce(wealth.town_house_count, 0) > 0 AND split.undated_count < split.split_count THEN '命中'
    WHEN split.undated_count > 0 AND coalesce(wealth.car_count, 0) + coalesce(wealth.town_house_count, 0) > 0 THEN '无法判定'
    WHEN split.bookless_count > 0 OR coalesce(wealth.unclear_count, 0) > 0 OR NOT ready.is_complete THEN '无法判定'
    ELSE '未命中'
  END AS verdict,
  '识别前分户或并户，原户有车有房' AS clue_reason,
  split.split_date,
  CAST(coalesce(wealth.car_count, 0) AS BIGINT) AS former_car_count,
  CAST(coalesce(wealth.town_house_count, 0) AS BIGINT) AS former_house_count
FROM core.registry_household_now AS household
CROSS JOIN ready
LEFT JOIN split ON split.household_id = household.household_id
LEFT JOIN wealth ON wealth.household_id = household.household_id
