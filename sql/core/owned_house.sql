-- core.owned_house
-- 名下不动产：有不动产登记的每个人，商品房、商铺各几处，说不清来历的住宅几处。
-- Grain: one row per person_key with a certificate of real estate.
-- Scope: person_key
-- 政策依据: 建档立卡错评剔除“十原则”：城镇购买商品房、商铺的；易地搬迁、拆迁安置、保障性住房除外。
-- Inputs: core.real_estate_now.
-- Limits: 商品房 = 购买或房改取得的住宅；自建、安置的不算；继承、赠与、其他或没有填取得方式的住宅说不清。商铺除安置的以外都算。车位、厂房、办公用房不算。
--   共有的各共有人都算有。登记不分城乡，农村买卖的住宅也会算进来，须看坐落。
-- Tie-breaks: none (counts only).
SELECT
  person_key,
  count(*) AS property_count,
  count(*) FILTER (WHERE property_use_code = '1' AND acquired_code IN ('1', '6')) AS commodity_house_count,
  count(*) FILTER (WHERE property_use_code = '2' AND coalesce(acquired_code, '9') <> '5') AS shop_count,
  count(*) FILTER (WHERE property_use_code = '1' AND coalesce(acquired_code, '9') IN ('3', '4', '9')) AS unclear_house_count
FROM core.real_estate_now
WHERE person_key IS NOT NULL
GROUP BY person_key
