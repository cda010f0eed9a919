-- mart.help_match
-- 供需配对建议：待对接的需求配给哪条供给、多少、凭什么；配不上的还差多少、为什么。
-- Grain: one row per need and offer that are proposed for each other; one row (offer_no empty) per need for what nobody is proposed for.
-- 政策依据: 北委发〔2019〕5号 三(三)5、6 “确保贫困人口发展需求与社会帮扶有效对接”；A12、A42。
-- Inputs: core.help_need_state, core.help_offer_state, ref.feed_state, ref.run.
-- Limits: 建议，不是决定。类别、品名、计量单位都相同才配；类别或品名为“其他”的须人工配对。供给先尽限定本村的，再限定本乡镇的，再全县的：限得越窄的先用，
--   总量不会少配。每一级内需求按优先次序、供给按起始日期排成两条累计数轴，重叠的一段就是配给的数量，所以任何一方都不会超配，也不会同类两边都有剩。
--   优先次序：紧急，监测对象，发布日期早。监测情况不明的按不是监测对象排。need_open_quantity = 同一需求各行 match_quantity 之和。
-- Tie-breaks: 需求编号、供给编号。
WITH feed AS (
  SELECT coalesce(bool_or(feed = 'help_offer'), FALSE) AS has_offer
  FROM ref.feed_state
  WHERE is_present AND NOT is_stale
),
asked AS (
  SELECT
    need_no, household_id, village_code, town_code, county_code, help_category_code, help_item_code, help_unit_code, need_state, is_urgent, is_monitored,
    published_date, open_quantity,
    help_category_code || '|' || coalesce(help_item_code, '') || '|' || coalesce(help_unit_code, '') AS kind,
    help_category_code = '99' OR coalesce(help_item_code, '') = '99' AS is_by_hand,
    row_number() OVER (ORDER BY is_urgent DESC, coalesce(is_monitored, FALSE) DESC, published_date, need_no) AS help_priority
  FROM core.help_need_state
  WHERE need_state IN ('待对接', '无法判定', '单位不符', '数量不明') AND is_published AND is_verified
),
need AS (
  SELECT asked.*
  FROM asked
  CROSS JOIN feed
  WHERE asked.need_state = '待对接' AND NOT asked.is_by_hand AND feed.has_offer
),
ordered_offer AS (
  SELECT
    offer_no, giver_kind_code, area_code, area_level, open_quantity,
    help_category_code || '|' || coalesce(help_item_code, '') || '|' || help_unit_code AS kind,
    row_number() OVER (ORDER BY offer_date, offer_no) AS offer_turn
  FROM core.help_offer_state
  WHERE offer_state = '可对接'
),
offer AS (
  SELECT
    ordered_offer.*,
    sum(open_quantity) OVER (PARTITION BY kind, area_code ORDER BY offer_turn ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS range_end
  FROM ordered_offer
),
supply AS (
  SELECT kind, area_code, sum(open_quantity) AS quantity
  FROM offer
  GROUP BY kind, area_code
),
kind_of_offer AS (
  SELECT kind FROM supply GROUP BY kind
),
-- Each level passes on what it has not served: the part of a need's range that lies behind the end of the supply.
village_range AS (
  SELECT
    need_no, kind, village_code AS area_code, town_code, county_code, help_priority, open_quantity AS wanted,
    sum(open_quantity) OVER (PARTITION BY kind, village_code ORDER BY help_priority ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS range_end
  FROM need
),
village_served AS (
  SELECT
    served.*, supply.quantity IS NOT NULL AS has_supply, supply.quantity IS NOT NULL AS has_any,
    least(served.wanted, greatest(served.range_end - coalesce(supply.quantity, 0), 0)) AS left_over
  FROM village_range AS served
  LEFT JOIN supply ON supply.kind = served.kind AND supply.area_code = served.area_code
),
town_range AS (
  SELECT
    need_no, kind, town_code AS area_code, county_code, help_priority, left_over AS wanted, has_any AS had_any,
    sum(left_over) OVER (PARTITION BY kind, town_code ORDER BY help_priority ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS range_end
  FROM village_served
  WHERE left_over > 0
),
town_served AS (
  SELECT
    served.*, supply.quantity IS NOT NULL AS has_supply, served.had_any OR supply.quantity IS NOT NULL AS has_any,
    least(served.wanted, greatest(served.range_end - coalesce(supply.quantity, 0), 0)) AS left_over
  FROM town_range AS served
  LEFT JOIN supply ON supply.kind = served.kind AND supply.area_code = served.area_code
),
county_range AS (
  SELECT
    need_no, kind, county_code AS area_code, help_priority, left_over AS wanted, has_any AS had_any,
    sum(left_over) OVER (PARTITION BY kind, county_code ORDER BY help_priority ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS range_end
  FROM town_served
  WHERE left_over > 0
),
county_served AS (
  SELECT
    served.*, supply.quantity IS NOT NULL AS has_supply, served.had_any OR supply.quantity IS NOT NULL AS has_any,
    least(served.wanted, greatest(served.range_end - coalesce(supply.quantity, 0), 0)) AS left_over
  FROM county_range AS served
  LEFT JOIN supply ON supply.kind = served.kind AND supply.area_code = served.area_code
),
-- The ends of all ranges on one axis per kind and area: between two ends lies exactly one need and one offer, those whose ends come next.
-- That takes a sort; to join overlapping ranges would compare every need of a kind with every offer.
range_of_both AS (
  SELECT kind, area_code, range_end, help_priority, CAST(NULL AS BIGINT) AS offer_turn FROM village_served WHERE has_supply
  UNION ALL
  SELECT kind, area_code, range_end, help_priority, CAST(NULL AS BIGINT) FROM town_served WHERE has_supply
  UNION ALL
  SELECT kind, area_code, range_end, help_priority, CAST(NULL AS BIGINT) FROM county_served WHERE has_supply
  UNION ALL
  SELECT kind, area_code, range_end, CAST(NULL AS BIGINT), offer_turn FROM offer
),
range_point AS (
  SELECT kind, area_code, range_end, max(help_priority) AS help_priority, max(offer_turn) AS offer_turn
  FROM range_of_both
  GROUP BY kind, area_code, range_end
),
segment AS (
  SELECT
    range_end - lag(range_end, 1, 0) OVER (PARTITION BY kind, area_code ORDER BY range_end) AS quantity,
    min(help_priority) OVER (PARTITION BY kind, area_code ORDER BY range_end ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS help_priority,
    min(offer_turn) OVER (PARTITION BY kind, area_code ORDER BY range_end ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS offer_turn
  FROM range_point
),
outcome AS (
  SELECT segment.help_priority, segment.offer_turn, segment.quantity, '建议对接' AS match_state, CAST(NULL AS VARCHAR) AS why_not
  FROM segment
  WHERE segment.help_priority IS NOT NULL AND segment.offer_turn IS NOT NULL
  UNION ALL
  SELECT
    served.help_priority, CAST(NULL AS BIGINT), served.left_over, '没有供给',
    CASE WHEN served.has_any THEN '同类供给已配完' WHEN kind_of_offer.kind IS NOT NULL THEN '同类供给限于其他区域' ELSE '没有同类供给' END
  FROM county_served AS served
  LEFT JOIN kind_of_offer ON kind_of_offer.kind = served.kind
  WHERE served.left_over > 0
  UNION ALL
  SELECT
    asked.help_priority, CAST(NULL AS BIGINT), asked.open_quantity,
    CASE WHEN asked.need_state = '待对接' AND feed.has_offer THEN '须人工配对' ELSE '无法判定' END,
    CASE
      WHEN asked.need_state = '无法判定' THEN '需求或对接数据未到或过期'
      WHEN asked.need_state = '单位不符' THEN '已有对接的计量单位与需求不同'
      WHEN asked.need_state = '数量不明' THEN '需求没有数量'
      WHEN NOT feed.has_offer THEN '供给数据未到或过期'
      ELSE '类别或品名为其他'
    END
  FROM asked
  CROSS JOIN feed
  WHERE asked.need_state <> '待对接' OR asked.is_by_hand OR NOT feed.has_offer
),
told AS (
  SELECT
    asked.*, outcome.match_state, outcome.quantity, outcome.why_not,
    offer.offer_no, offer.giver_kind_code, offer.area_level,
    greatest(date_diff('day', asked.published_date, run.as_of), 0) AS waiting_days
  FROM outcome
  INNER JOIN asked ON asked.help_priority = outcome.help_priority
  CROSS JOIN ref.run AS run
  LEFT JOIN offer ON offer.offer_turn = outcome.offer_turn
)
SELECT
  need_no,
  household_id,
  village_code,
  town_code,
  help_category_code,
  help_item_code,
  help_unit_code,
  help_priority,
  is_urgent,
  is_monitored,
  CAST(waiting_days AS BIGINT) AS waiting_days,
  CAST(open_quantity AS DECIMAL(18, 4)) AS need_open_quantity,
  match_state,
  offer_no,
  giver_kind_code,
  area_level AS offer_area_level,
  CAST(quantity AS DECIMAL(18, 4)) AS match_quantity,
  CASE
    WHEN offer_no IS NOT NULL
      THEN '类别、品名、单位相同；' || CASE area_level WHEN '村' THEN '供给限本村' WHEN '乡' THEN '供给限本乡镇' ELSE '供给不限乡村' END
    ELSE why_not
  END
  || CASE WHEN is_urgent THEN '；紧急' ELSE '' END
  || CASE WHEN is_monitored THEN '；监测对象' WHEN is_monitored IS NULL THEN '；监测情况不明' ELSE '' END
  || '；已等待' || CAST(waiting_days AS VARCHAR) || '天'
  || CASE WHEN offer_no IS NULL THEN '' WHEN quantity = open_quantity THEN '；全部满足' ELSE '；满足一部分' END AS match_reason
FROM told
