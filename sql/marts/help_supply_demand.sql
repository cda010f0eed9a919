-- mart.help_supply_demand
-- 社会帮扶供需：县、乡、村三级 × 类别 × 月的需求、已发布、已对接、已兑现、成功率、金额和实物、平均时长，以及同期的供给。
-- Grain: one row per area level, area, category and month (of the need's registration; of the offer's beginning).
-- 政策依据: 北委发〔2019〕5号 三(三)5、6；D22 社会帮扶供需：对接成功率 = 已兑现 ÷ 已发布。
-- Inputs: core.help_need_state, core.help_offer_state, ref.feed_state, ref.area.
-- Limits: 需求按登记月份归组，以后才发布、对接、兑现的仍计在登记的那个月，所以往月的数会补齐，需求数不会变。已对接、已兑现、不明只数已发布的需求：
--   need_count ≥ published_need_count ≥ matched_need_count ≥ fulfilled_need_count。不明为单位不符、数量不明的。部分兑现的不算已兑现，兑现的金额照计。
--   单位为元的需求计金额，其他的计条数（不同单位的数量不能相加）。供给计在限定的区域，限到乡的不计入村，不限的只计入县。
--   需求、对接或供给数据未到或过期时对应各数为空，help_state 为无法判定。平均时长为发布到兑现满额的天数，兑现早于发布的不计。
-- Tie-breaks: none (counts, sums and a mean).
WITH feed AS (
  SELECT
    coalesce(bool_or(feed = 'help_need'), FALSE) AS has_need,
    coalesce(bool_or(feed = 'help_offer'), FALSE) AS has_offer,
    coalesce(bool_or(feed = 'help_delivery'), FALSE) AS has_delivery
  FROM ref.feed_state
  WHERE is_present AND NOT is_stale
),
fact AS (
  SELECT
    village_code, town_code, county_code, help_category_code, CAST(date_trunc('month', need_date) AS DATE) AS help_month,
    1 AS need, 0 AS offer,
    CASE WHEN is_published THEN 1 ELSE 0 END AS published,
    CASE WHEN is_published AND delivery_count > 0 THEN 1 ELSE 0 END AS matched,
    CASE WHEN is_published AND need_state = '已兑现' THEN 1 ELSE 0 END AS fulfilled,
    CASE WHEN is_published AND need_state IN ('单位不符', '数量不明') THEN 1 ELSE 0 END AS unclear,
    CASE WHEN coalesce(help_unit_code, '') <> '01' THEN 1 ELSE 0 END AS in_kind,
    CASE WHEN coalesce(help_unit_code, '') <> '01' AND is_published AND need_state = '已兑现' THEN 1 ELSE 0 END AS in_kind_fulfilled,
    CASE WHEN help_unit_code = '01' THEN asked_quantity END AS asked_yuan,
    CASE WHEN help_unit_code = '01' AND is_published THEN fulfilled_quantity END AS fulfilled_yuan,
    CASE WHEN is_published AND need_state = '已兑现' AND fulfilled_on >= published_date THEN date_diff('day', published_date, fulfilled_on) END AS days,
    CAST(NULL AS DECIMAL(18, 4)) AS offered_yuan
  FROM core.help_need_state
  UNION ALL
  SELECT
    CASE WHEN area_level = '村' THEN area_code END, CASE WHEN area_level <> '县' THEN substr(area_code, 1, 9) END, substr(area_code, 1, 6), help_category_code,
    CAST(date_trunc('month', offer_date) AS DATE),
    0, 1, 0, 0, 0, 0, 0, 0, NULL, NULL, NULL,
    CASE WHEN help_unit_code = '01' THEN offered_quantity END
  FROM core.help_offer_state
),
by_level AS (
  SELECT '村' AS area_level, village_code AS area_code, fact.* FROM fact WHERE village_code IS NOT NULL
  UNION ALL
  SELECT '乡' AS area_level, town_code AS area_code, fact.* FROM fact WHERE town_code IS NOT NULL
  UNION ALL
  SELECT '县' AS area_level, county_code AS area_code, fact.* FROM fact
),
summed AS (
  SELECT
    area_level, area_code, help_category_code, help_month,
    CAST(sum(need) AS BIGINT) AS needs, CAST(sum(published) AS BIGINT) AS published, CAST(sum(matched) AS BIGINT) AS matched,
    CAST(sum(fulfilled) AS BIGINT) AS fulfilled, CAST(sum(unclear) AS BIGINT) AS unclear, CAST(sum(in_kind) AS BIGINT) AS in_kind,
    CAST(sum(in_kind_fulfilled) AS BIGINT) AS in_kind_fulfilled, coalesce(sum(asked_yuan), 0) AS asked_yuan,
    coalesce(sum(fulfilled_yuan), 0) AS fulfilled_yuan, avg(days) AS days,
    CAST(sum(offer) AS BIGINT) AS offers, coalesce(sum(offered_yuan), 0) AS offered_yuan
  FROM by_level
  GROUP BY area_level, area_code, help_category_code, help_month
)
SELECT
  summed.area_level,
  summed.area_code,
  area_name.area,
  summed.help_category_code,
  summed.help_month,
  CASE WHEN feed.has_need AND feed.has_offer AND feed.has_delivery THEN '已报送' ELSE '无法判定' END AS help_state,
  CASE WHEN feed.has_need THEN summed.needs END AS need_count,
  CASE WHEN feed.has_need THEN summed.published END AS published_need_count,
  CASE WHEN feed.has_need AND feed.has_delivery THEN summed.matched END AS matched_need_count,
  CASE WHEN feed.has_need AND feed.has_delivery THEN summed.fulfilled END AS fulfilled_need_count,
  CASE WHEN feed.has_need AND feed.has_delivery THEN summed.unclear END AS unclear_need_count,
  CASE
    WHEN feed.has_need AND feed.has_delivery AND summed.published > 0
      THEN CAST(CAST(summed.fulfilled AS DOUBLE) / summed.published AS DECIMAL(12, 8))
  END AS help_success_rate,
  CASE WHEN feed.has_need THEN CAST(summed.asked_yuan AS DECIMAL(18, 2)) END AS need_asked_yuan,
  CASE WHEN feed.has_need AND feed.has_delivery THEN CAST(summed.fulfilled_yuan AS DECIMAL(18, 2)) END AS need_fulfilled_yuan,
  CASE WHEN feed.has_need THEN summed.in_kind END AS in_kind_need_count,
  CASE WHEN feed.has_need AND feed.has_delivery THEN summed.in_kind_fulfilled END AS in_kind_fulfilled_count,
  CASE WHEN feed.has_need AND feed.has_delivery THEN CAST(summed.days AS DECIMAL(12, 1)) END AS fulfilment_days,
  CASE WHEN feed.has_offer THEN summed.offers END AS help_offer_count,
  CASE WHEN feed.has_offer THEN CAST(summed.offered_yuan AS DECIMAL(18, 2)) END AS help_offered_yuan
FROM summed
CROSS JOIN feed
LEFT JOIN ref.area AS area_name ON area_name.area_level = summed.area_level AND area_name.area_code = summed.area_code
