-- explain.village_incidence
-- 村贫困发生率每个数字背后的人：分子、户籍名单、建档立卡人口、脱贫属性不明的人，逐村列出。
-- Inputs: core.village_incidence_person, mart.person_status, ref.feed_state.
-- Limits: 一人一行，户籍名单上的人没有户编号。数据未到或过期、表中为空的数不列。
-- Derived: rate = numerator ÷ denominator; denominator = register_count，没有户籍名单时为村报人数; reported_count = 由村报送，没有名单
-- Derived: exit_year = 由村报送，没有名单
WITH feed AS (
  SELECT
    coalesce(bool_or(feed = 'registry_household'), FALSE) AND coalesce(bool_or(feed = 'registry_person'), FALSE) AS has_registry,
    coalesce(bool_or(feed = 'household_registration'), FALSE) AS has_police
  FROM ref.feed_state
  WHERE is_present AND NOT is_stale
)
SELECT
  coalesce(person.village_code, '不详') AS village_code,
  'numerator' AS figure,
  person.household_id,
  person.person_key,
  '分子' AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM mart.person_status AS person
CROSS JOIN feed
WHERE person.is_poor AND feed.has_registry
UNION ALL
SELECT coalesce(person.village_code, '不详'), 'register_count', CAST(NULL AS VARCHAR), person.person_key, person.list, CAST(NULL AS DECIMAL(18, 2))
FROM core.village_incidence_person AS person
CROSS JOIN feed
WHERE person.list = '分母' AND feed.has_police
UNION ALL
SELECT coalesce(person.village_code, '不详'), 'registered_count', person.household_id, person.person_key, CAST(NULL AS VARCHAR), CAST(NULL AS DECIMAL(18, 2))
FROM mart.person_status AS person
UNION ALL
SELECT coalesce(person.village_code, '不详'), 'unknown_count', person.household_id, person.person_key, CAST(NULL AS VARCHAR), CAST(NULL AS DECIMAL(18, 2))
FROM mart.person_status AS person
CROSS JOIN feed
WHERE person.is_poor IS NULL AND feed.has_registry
