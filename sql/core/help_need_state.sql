-- core.help_need_state
-- 社会帮扶需求的状态：每条需求要多少、已对接多少、已兑现多少、还差多少，能不能继续配对。
-- Grain: one row per need_no.
-- 政策依据: 北委发〔2019〕5号 三(三)5、6 中国社会扶贫网供需对接；D22 社会帮扶供需。
-- Inputs: core.help_need_now, core.help_delivery_now, core.monitored_household_now, ref.feed_state, ref.run.
-- Limits: 有数量的按数量和计量单位计，没有数量的按金额（单位“元”）计。已取消的对接不占数量；已对接、已兑现的都占。open_quantity = 需求 − 占用，不小于零，
--   多出来的记在 over_quantity。对接记录的计量单位与需求不同、折不成需求的单位时，还差多少算不出来，状态为单位不符，不当作没有对接。
--   需求或对接数据未到或过期时为无法判定。fulfilled_on 为兑现量累计达到需求的那一天。监测数据未到时 is_monitored 为空。
-- Tie-breaks: 累计兑现按兑现日期、对接编号。
WITH feed AS (
  SELECT
    coalesce(bool_or(feed = 'help_need'), FALSE) AND coalesce(bool_or(feed = 'help_delivery'), FALSE) AS has_both,
    coalesce(bool_or(feed = 'monitored_household'), FALSE) AS has_monitored
  FROM ref.feed_state
  WHERE is_present AND NOT is_stale
),
need AS (
  SELECT
    asked.*,
    CASE WHEN asked.need_quantity > 0 THEN asked.help_unit_code WHEN asked.need_yuan > 0 THEN '01' END AS unit_code,
    CAST(CASE WHEN asked.need_quantity > 0 THEN asked.need_quantity WHEN asked.need_yuan > 0 THEN asked.need_yuan END AS DECIMAL(18, 4)) AS asked_quantity
  FROM core.help_need_now AS asked
),
delivered AS (
  SELECT
    need.need_no, need.asked_quantity, delivery.delivery_no, delivery.matched_date, delivery.fulfilled_date,
    delivery.delivery_state_code = '2' AS is_fulfilled,
    CAST(CASE
      WHEN delivery.delivery_quantity > 0 AND delivery.help_unit_code = need.unit_code THEN delivery.delivery_quantity
      WHEN need.unit_code = '01' AND delivery.delivery_yuan > 0 THEN delivery.delivery_yuan
    END AS DECIMAL(18, 4)) AS quantity
  FROM core.help_delivery_now AS delivery
  INNER JOIN need ON need.need_no = delivery.need_no
  WHERE delivery.delivery_state_code IN ('1', '2')
),
reached AS (
  SELECT
    delivered.*,
    sum(CASE WHEN delivered.is_fulfilled THEN delivered.quantity ELSE 0 END) OVER (
      PARTITION BY delivered.need_no ORDER BY delivered.fulfilled_date NULLS LAST, delivered.delivery_no ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) >= delivered.asked_quantity AS is_reached
  FROM delivered
),
summed AS (
  SELECT
    need_no,
    count(*) AS delivery_count,
    min(matched_date) AS first_matched_on,
    min(CASE WHEN is_fulfilled AND is_reached THEN fulfilled_date END) AS fulfilled_on,
    bool_or(quantity IS NULL) AS has_conflict,
    CAST(coalesce(sum(quantity), 0) AS DECIMAL(18, 4)) AS taken_quantity,
    CAST(coalesce(sum(CASE WHEN is_fulfilled THEN quantity END), 0) AS DECIMAL(18, 4)) AS fulfilled_quantity
  FROM reached
  GROUP BY need_no
),
watched AS (
  SELECT household_id
  FROM core.monitored_household_now
  WHERE NOT coalesce(is_risk_cleared, FALSE)
  GROUP BY household_id
),
joined AS (
  SELECT
    need.need_no, need.household_id, need.village_code, need.help_category_code, need.help_item_code, need.unit_code, need.asked_quantity,
    need.need_date, need.published_date, need.need_until,
    coalesce(need.published_date <= run.as_of, FALSE) AS is_published,
    coalesce(need.is_town_verified, FALSE) AS is_verified,
    coalesce(need.need_until < run.as_of, FALSE) AS is_over,
    coalesce(need.is_urgent, FALSE) AS is_urgent,
    CASE WHEN feed.has_monitored THEN watched.household_id IS NOT NULL END AS is_monitored,
    feed.has_both,
    feed.has_both AND NOT coalesce(summed.has_conflict, FALSE) AND need.asked_quantity IS NOT NULL AS is_countable,
    coalesce(summed.has_conflict, FALSE) AS has_conflict,
    coalesce(summed.delivery_count, 0) AS delivery_count,
    summed.first_matched_on, summed.fulfilled_on,
    coalesce(summed.taken_quantity, 0) AS taken_quantity,
    coalesce(summed.fulfilled_quantity, 0) AS fulfilled_quantity
  FROM need
  CROSS JOIN ref.run AS run
  CROSS JOIN feed
  LEFT JOIN summed ON summed.need_no = need.need_no
  LEFT JOIN watched ON watched.household_id = need.household_id
)
SELECT
  need_no,
  household_id,
  village_code,
  substr(village_code, 1, 9) AS town_code,
  substr(village_code, 1, 6) AS county_code,
  help_category_code,
  help_item_code,
  unit_code AS help_unit_code,
  need_date,
  published_date,
  need_until,
  is_published,
  is_verified,
  is_urgent,
  is_monitored,
  CASE WHEN has_both THEN delivery_count END AS delivery_count,
  CASE WHEN has_both THEN first_matched_on END AS first_matched_on,
  CASE WHEN has_both THEN fulfilled_on END AS fulfilled_on,
  asked_quantity,
  CASE WHEN has_both AND NOT has_conflict THEN taken_quantity END AS taken_quantity,
  CASE WHEN has_both AND NOT has_conflict THEN fulfilled_quantity END AS fulfilled_quantity,
  CASE WHEN is_countable THEN CAST(greatest(asked_quantity - taken_quantity, 0) AS DECIMAL(18, 4)) END AS open_quantity,
  CASE WHEN is_countable THEN CAST(greatest(taken_quantity - asked_quantity, 0) AS DECIMAL(18, 4)) END AS over_quantity,
  CASE
    WHEN NOT has_both THEN '无法判定'
    WHEN asked_quantity IS NULL OR unit_code IS NULL THEN '数量不明'
    WHEN has_conflict THEN '单位不符'
    WHEN fulfilled_quantity >= asked_quantity THEN '已兑现'
    WHEN taken_quantity >= asked_quantity THEN '已对接'
    WHEN is_over THEN '已过期'
    WHEN NOT is_published THEN '未发布'
    WHEN NOT is_verified THEN '未核实'
    ELSE '待对接'
  END AS need_state
FROM joined
