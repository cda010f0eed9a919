-- explain.help_supply_demand
-- 社会帮扶供需的每个数是哪些户的哪些需求、哪些供给。
-- Inputs: core.help_need_state, core.help_offer_state, ref.feed_state.
-- Limits: 口径同 mart.help_supply_demand；record 为需求编号或供给编号。
-- Derived: help_success_rate = fulfilled_need_count ÷ published_need_count; fulfilment_days = 发布到兑现满额的平均天数
WITH feed AS (
  SELECT
    coalesce(bool_or(feed = 'help_need'), FALSE) AS has_need,
    coalesce(bool_or(feed = 'help_offer'), FALSE) AS has_offer,
    coalesce(bool_or(feed = 'help_delivery'), FALSE) AS has_delivery
  FROM ref.feed_state
  WHERE is_present AND NOT is_stale
),
need AS (
  SELECT
    state.*,
    state.help_unit_code IS NOT DISTINCT FROM '01' AS is_money,
    state.need_no AS record,
    CAST(date_trunc('month', state.need_date) AS DATE) AS help_month,
    feed.has_delivery
  FROM core.help_need_state AS state
  CROSS JOIN feed
  WHERE feed.has_need
),
figure AS (
  SELECT village_code, town_code, county_code, help_category_code, help_month, household_id, record, 'need_count' AS figure, CAST(NULL AS DECIMAL(18, 2)) AS amount FROM need
  UNION ALL
  SELECT village_code, town_code, county_code, help_category_code, help_month, household_id, record, 'published_need_count', NULL FROM need WHERE is_published
  UNION ALL
  SELECT village_code, town_code, county_code, help_category_code, help_month, household_id, record, 'matched_need_count', NULL
  FROM need WHERE has_delivery AND is_published AND delivery_count > 0
  UNION ALL
  SELECT village_code, town_code, county_code, help_category_code, help_month, household_id, record, 'fulfilled_need_count', NULL
  FROM need WHERE has_delivery AND is_published AND need_state = '已兑现'
  UNION ALL
  SELECT village_code, town_code, county_code, help_category_code, help_month, household_id, record, 'unclear_need_count', NULL
  FROM need WHERE has_delivery AND is_published AND need_state IN ('单位不符', '数量不明')
  UNION ALL
  SELECT village_code, town_code, county_code, help_category_code, help_month, household_id, record, 'need_asked_yuan', CAST(asked_quantity AS DECIMAL(18, 2))
  FROM need WHERE is_money AND asked_quantity IS NOT NULL
  UNION ALL
  SELECT village_code, town_code, county_code, help_category_code, help_month, household_id, record, 'need_fulfilled_yuan', CAST(fulfilled_quantity AS DECIMAL(18, 2))
  FROM need WHERE has_delivery AND is_money AND is_published AND fulfilled_quantity > 0
  UNION ALL
  SELECT village_code, town_code, county_code, help_category_code, help_month, household_id, record, 'in_kind_need_count', NULL FROM need WHERE NOT is_money
  UNION ALL
  SELECT village_code, town_code, county_code, help_category_code, help_month, household_id, record, 'in_kind_fulfilled_count', NULL
  FROM need WHERE has_delivery AND NOT is_money AND is_published AND need_state = '已兑现'
  UNION ALL
  SELECT
    CASE WHEN state.area_level = '村' THEN state.area_code END, CASE WHEN state.area_level <> '县' THEN substr(state.area_code, 1, 9) END, substr(state.area_code, 1, 6),
    state.help_category_code, CAST(date_trunc('month', state.offer_date) AS DATE), NULL, state.offer_no, counted.figure,
    CASE WHEN counted.figure = 'help_offered_yuan' THEN CAST(state.offered_quantity AS DECIMAL(18, 2)) END
  FROM core.help_offer_state AS state
  CROSS JOIN feed
  CROSS JOIN (SELECT 'help_offer_count' AS figure UNION ALL SELECT 'help_offered_yuan' AS figure) AS counted
  WHERE feed.has_offer AND (counted.figure = 'help_offer_count' OR state.help_unit_code = '01')
),
by_level AS (
  SELECT '村' AS area_level, village_code AS area_code, figure.* FROM figure WHERE village_code IS NOT NULL
  UNION ALL
  SELECT '乡' AS area_level, town_code AS area_code, figure.* FROM figure WHERE town_code IS NOT NULL
  UNION ALL
  SELECT '县' AS area_level, county_code AS area_code, figure.* FROM figure
)
SELECT
  area_level,
  area_code,
  help_category_code,
  help_month,
  figure,
  household_id,
  CAST(NULL AS BIGINT) AS person_key,
  record,
  amount
FROM by_level
