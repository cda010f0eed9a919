-- mart.village_incidence
-- 村贫困发生率：贫困人口 ÷ 农村户籍人口，严格低于 2% 才达到退出标准。
-- Grain: one row per village that any feed names (村代码不详的合为一行，village_code 为 '不详').
-- 政策依据: 北委发〔2019〕5号 三(一)3 “贫困村退出以综合贫困发生率低于2%为主要指标”：恰为 2.00% 不达标。
-- Inputs: core.village_incidence_person, mart.person_status, core.village_now, core.registry_household_now, core.resident,
--   ref.division, ref.parameter, ref.feed_state, ref.run.
-- Limits: 分母以户籍名单为准（可列名单）；户籍数据未到或过期时用村报农村户籍人口，并在 denominator_source 写明；两者都没有则“无法判定”。
--   分子不含漏评、错退（尚无核查结果来源）。脱贫属性不明的建档人口单列 unknown_count，如其足以改变结论则“无法判定”。
--   rate 保留 8 位小数；结论用整数和参数的精确小数比较，不用 rate。
-- Tie-breaks: none; every input holds one row per village.
WITH parameter AS (
  SELECT max(CASE WHEN code = 'VILLAGE_EXIT_RATE' THEN value END) AS exit_rate
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
feed AS (
  SELECT
    coalesce(bool_or(feed = 'registry_household'), FALSE) AND coalesce(bool_or(feed = 'registry_person'), FALSE) AS has_registry,
    coalesce(bool_or(feed = 'household_registration'), FALSE) AS has_police,
    coalesce(bool_or(feed = 'village'), FALSE) AS has_village
  FROM ref.feed_state
  WHERE is_present AND NOT is_stale
),
listed AS (
  SELECT
    coalesce(village_code, '不详') AS village_code,
    count(*) FILTER (WHERE list = '分子') AS poor_count,
    count(*) FILTER (WHERE list = '分母') AS register_count
  FROM core.village_incidence_person
  GROUP BY coalesce(village_code, '不详')
),
registered AS (
  SELECT
    coalesce(village_code, '不详') AS village_code,
    count(*) AS registered_count,
    count(*) FILTER (WHERE is_poor IS NULL) AS unknown_count
  FROM mart.person_status
  GROUP BY coalesce(village_code, '不详')
),
place AS (
  SELECT village_code FROM listed
  UNION
  SELECT village_code FROM registered
  UNION
  SELECT village_code FROM core.village_now
  UNION
  SELECT village_code FROM core.registry_household_now WHERE village_code IS NOT NULL
  UNION
  SELECT village_code FROM core.resident WHERE village_code IS NOT NULL
),
counted AS (
  SELECT
    place.village_code,
    coalesce(village.village, division.village_name) AS village,
    coalesce(village.town, division.town_name) AS town,
    village.is_poor_village,
    village.exit_year,
    coalesce(registered.registered_count, 0) AS registered_count,
    CASE WHEN feed.has_registry THEN coalesce(listed.poor_count, 0) END AS numerator,
    CASE WHEN feed.has_registry THEN coalesce(registered.unknown_count, 0) END AS unknown_count,
    CASE WHEN feed.has_police THEN coalesce(listed.register_count, 0) END AS register_count,
    CASE WHEN feed.has_village THEN village.rural_person_count END AS reported_count,
    parameter.exit_rate
  FROM place
  CROSS JOIN feed
  CROSS JOIN parameter
  LEFT JOIN core.village_now AS village ON village.village_code = place.village_code
  LEFT JOIN ref.division AS division ON division.village_code = place.village_code
  LEFT JOIN listed ON listed.village_code = place.village_code
  LEFT JOIN registered ON registered.village_code = place.village_code
),
divided AS (
  SELECT
    counted.*,
    CASE WHEN register_count > 0 THEN register_count WHEN reported_count > 0 THEN reported_count END AS denominator,
    CASE WHEN register_count > 0 THEN '户籍名单' WHEN reported_count > 0 THEN '村报人数' END AS denominator_source
  FROM counted
)
SELECT
  village_code,
  village,
  substr(village_code, 1, 9) AS town_code,
  town,
  is_poor_village,
  exit_year,
  registered_count,
  numerator,
  denominator,
  denominator_source,
  CAST(CAST(numerator AS DOUBLE) / denominator AS DECIMAL(12, 8)) AS rate,
  unknown_count,
  register_count,
  reported_count,
  CASE
    WHEN exit_rate IS NULL THEN '参数缺失'
    WHEN numerator IS NULL OR denominator IS NULL THEN '无法判定'
    WHEN numerator >= exit_rate * denominator THEN '不达标'
    WHEN numerator + unknown_count >= exit_rate * denominator AND unknown_count > 0 THEN '无法判定'
    ELSE '达标'
  END AS verdict,
  CASE
    WHEN exit_rate IS NULL THEN '退出标准未录入'
    WHEN numerator IS NULL THEN '建档立卡数据未到或过期'
    WHEN denominator IS NULL THEN '没有农村户籍人口'
    WHEN numerator >= exit_rate * denominator THEN '贫困发生率不低于标准'
    WHEN numerator + unknown_count >= exit_rate * denominator AND unknown_count > 0 THEN '有脱贫属性不明的建档人口'
    ELSE '贫困发生率低于标准'
  END AS verdict_basis
FROM divided
