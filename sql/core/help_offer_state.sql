-- core.help_offer_state
-- 社会帮扶供给的状态：每条供给有多少、已配出多少、还剩多少，限给哪里，能不能继续配对。
-- Grain: one row per offer_no.
-- 政策依据: 北委发〔2019〕5号 三(三)5、6 中国社会扶贫网供需对接；D22 社会帮扶供需。
-- Inputs: core.help_offer_now, core.help_delivery_now, ref.county, ref.feed_state, ref.run.
-- Limits: 数量、计量单位、已取消和单位不符的处理同 core.help_need_state。没有限定区域的给全县。区域代码不是 6、9、12 位的不会出现（报送时已退回）。
--   供给或对接数据未到或过期时为无法判定。
-- Tie-breaks: none (sums only).
WITH feed AS (
  SELECT coalesce(bool_or(feed = 'help_offer'), FALSE) AND coalesce(bool_or(feed = 'help_delivery'), FALSE) AS has_both
  FROM ref.feed_state
  WHERE is_present AND NOT is_stale
),
county AS (
  SELECT min(county_code) AS county_code FROM ref.county
),
offer AS (
  SELECT
    given.*,
    CASE WHEN given.offer_quantity > 0 THEN given.help_unit_code WHEN given.offer_yuan > 0 THEN '01' END AS unit_code,
    CAST(CASE WHEN given.offer_quantity > 0 THEN given.offer_quantity WHEN given.offer_yuan > 0 THEN given.offer_yuan END AS DECIMAL(18, 4)) AS offered_quantity
  FROM core.help_offer_now AS given
),
delivered AS (
  SELECT
    offer.offer_no,
    CAST(CASE
      WHEN delivery.delivery_quantity > 0 AND delivery.help_unit_code = offer.unit_code THEN delivery.delivery_quantity
      WHEN offer.unit_code = '01' AND delivery.delivery_yuan > 0 THEN delivery.delivery_yuan
    END AS DECIMAL(18, 4)) AS quantity
  FROM core.help_delivery_now AS delivery
  INNER JOIN offer ON offer.offer_no = delivery.offer_no
  WHERE delivery.delivery_state_code IN ('1', '2')
),
summed AS (
  SELECT
    offer_no,
    bool_or(quantity IS NULL) AS has_conflict,
    CAST(coalesce(sum(quantity), 0) AS DECIMAL(18, 4)) AS taken_quantity
  FROM delivered
  GROUP BY offer_no
),
joined AS (
  SELECT
    offer.offer_no, offer.giver_kind_code, offer.help_category_code, offer.help_item_code, offer.unit_code, offer.offered_quantity, offer.offer_date, offer.offer_until,
    coalesce(offer.limit_area_code, county.county_code) AS area_code,
    offer.offer_date > run.as_of AS is_before,
    coalesce(offer.offer_until < run.as_of, FALSE) AS is_over,
    feed.has_both,
    feed.has_both AND NOT coalesce(summed.has_conflict, FALSE) AND offer.offered_quantity IS NOT NULL AS is_countable,
    coalesce(summed.has_conflict, FALSE) AS has_conflict,
    coalesce(summed.taken_quantity, 0) AS taken_quantity
  FROM offer
  CROSS JOIN ref.run AS run
  CROSS JOIN feed
  CROSS JOIN county
  LEFT JOIN summed ON summed.offer_no = offer.offer_no
)
SELECT
  offer_no,
  giver_kind_code,
  help_category_code,
  help_item_code,
  unit_code AS help_unit_code,
  area_code,
  CASE length(area_code) WHEN 12 THEN '村' WHEN 9 THEN '乡' ELSE '县' END AS area_level,
  offer_date,
  offer_until,
  offered_quantity,
  CASE WHEN has_both AND NOT has_conflict THEN taken_quantity END AS taken_quantity,
  CASE WHEN is_countable THEN CAST(greatest(offered_quantity - taken_quantity, 0) AS DECIMAL(18, 4)) END AS open_quantity,
  CASE WHEN is_countable THEN CAST(greatest(taken_quantity - offered_quantity, 0) AS DECIMAL(18, 4)) END AS over_quantity,
  CASE
    WHEN NOT has_both THEN '无法判定'
    WHEN offered_quantity IS NULL OR unit_code IS NULL THEN '数量不明'
    WHEN has_conflict THEN '单位不符'
    WHEN taken_quantity >= offered_quantity THEN '已配完'
    WHEN is_over THEN '已过期'
    WHEN is_before THEN '未开始'
    ELSE '可对接'
  END AS offer_state
FROM joined
