-- mart.fairness
-- 公平性：县、乡、村三级，收入在扶贫标准上下的户有没有聚集（冲刺），帮扶金额在标准处有没有悬崖，各有多少户、差多少、置信区间多宽。
-- Grain: one row per area level and area, on the run date.
-- 政策依据: 北委发〔2019〕5号 一(二) 不赶时间进度、不搞冲刺；避免“悬崖效应”、防止利益失衡。
-- Inputs: core.registry_household_now, core.aid_measure_now, ref.parameter, ref.feed_state, ref.run, ref.area.
-- Limits: 只有建档立卡户，按户计，收入为登记的人均纯收入。聚集：[标准, 标准×(1+BUNCH_WIDTH)) 的户数 ÷ 上下各两个等宽带的平均户数；相邻各带没有户时为空。
--   悬崖：标准以下、以上各 CLIFF_WIDTH 宽的户均帮扶之差，区间为 95%（正态近似，两边都不少于 2 户）。帮扶为近十二个月帮扶措施登记的金额，
--   低保、特困等按收入补差的不算：它们本来就随收入减少。标准未录入或数据未到、过期时各数为空，fairness_state 写明。
-- Tie-breaks: none (counts and sums only).
WITH parameter AS (
  SELECT
    max(CASE WHEN parameter.code = 'LINE_NAT_WORK' THEN parameter.value END) AS line,
    max(CASE WHEN parameter.code = 'BUNCH_WIDTH' THEN parameter.value END) AS bunch_width,
    max(CASE WHEN parameter.code = 'CLIFF_WIDTH' THEN parameter.value END) AS cliff_width
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
aid AS (
  SELECT measure.household_id, sum(measure.aid_yuan) AS aid_yuan
  FROM core.aid_measure_now AS measure
  CROSS JOIN ref.run AS run
  WHERE measure.aid_date > run.as_of - INTERVAL 1 YEAR AND measure.aid_date <= run.as_of
  GROUP BY measure.household_id
),
household AS (
  SELECT
    coalesce(registry.village_code, '不详') AS village_code, registry.household_id,
    registry.net_income_per_head_yuan AS income, coalesce(aid.aid_yuan, 0) AS aid_yuan,
    parameter.line, parameter.bunch_width, parameter.cliff_width
  FROM core.registry_household_now AS registry
  CROSS JOIN parameter
  LEFT JOIN aid ON aid.household_id = registry.household_id
),
feed AS (
  SELECT
    coalesce(bool_or(feed = 'registry_household'), FALSE) AS has_registry,
    coalesce(bool_or(feed = 'aid_measure'), FALSE) AS has_aid
  FROM ref.feed_state
  WHERE is_present AND NOT is_stale
),
village_sum AS (
  SELECT
    village_code,
    count(*) FILTER (WHERE income IS NOT NULL) AS known,
    count(*) FILTER (WHERE income >= line AND income < line * (1 + bunch_width)) AS bunch,
    count(*) FILTER (WHERE income >= line * (1 - 2 * bunch_width) AND income < line OR income >= line * (1 + bunch_width) AND income < line * (1 + 3 * bunch_width)) AS near,
    count(*) FILTER (WHERE income >= line * (1 - cliff_width) AND income < line) AS below,
    count(*) FILTER (WHERE income >= line AND income < line * (1 + cliff_width)) AS above,
    sum(CASE WHEN income >= line * (1 - cliff_width) AND income < line THEN aid_yuan ELSE 0 END) AS below_aid,
    sum(CASE WHEN income >= line AND income < line * (1 + cliff_width) THEN aid_yuan ELSE 0 END) AS above_aid,
    sum(CASE WHEN income >= line * (1 - cliff_width) AND income < line THEN CAST(aid_yuan AS DOUBLE) * aid_yuan ELSE 0 END) AS below_square,
    sum(CASE WHEN income >= line AND income < line * (1 + cliff_width) THEN CAST(aid_yuan AS DOUBLE) * aid_yuan ELSE 0 END) AS above_square
  FROM household
  GROUP BY village_code
),
area_row AS (
  SELECT '村' AS area_level, village_code AS area_code, village_sum.* FROM village_sum
  UNION ALL
  SELECT '乡' AS area_level, substr(village_code, 1, 9) AS area_code, village_sum.* FROM village_sum
  UNION ALL
  SELECT '县' AS area_level, substr(village_code, 1, 6) AS area_code, village_sum.* FROM village_sum
),
summed AS (
  SELECT
    area_level, area_code,
    CAST(sum(known) AS BIGINT) AS known, CAST(sum(bunch) AS BIGINT) AS bunch, CAST(sum(near) AS BIGINT) AS near,
    CAST(sum(below) AS BIGINT) AS below, CAST(sum(above) AS BIGINT) AS above,
    sum(below_aid) AS below_aid, sum(above_aid) AS above_aid, sum(below_square) AS below_square, sum(above_square) AS above_square
  FROM area_row
  GROUP BY area_level, area_code
),
stated AS (
  SELECT
    summed.*,
    feed.has_aid,
    CASE
      WHEN NOT feed.has_registry OR summed.known = 0 THEN '无法判定'
      WHEN parameter.line IS NULL OR parameter.bunch_width IS NULL OR parameter.cliff_width IS NULL THEN '参数缺失'
      ELSE '已计算'
    END AS fairness_state
  FROM summed
  CROSS JOIN feed
  CROSS JOIN parameter
),
mean AS (
  SELECT
    area_level, area_code, fairness_state,
    CASE WHEN fairness_state = '已计算' THEN known END AS known,
    CASE WHEN fairness_state = '已计算' THEN bunch END AS bunch,
    CASE WHEN fairness_state = '已计算' THEN near END AS near,
    CASE WHEN fairness_state = '已计算' THEN below END AS below,
    CASE WHEN fairness_state = '已计算' THEN above END AS above,
    CASE WHEN fairness_state = '已计算' AND has_aid THEN below_aid END AS below_aid,
    CASE WHEN fairness_state = '已计算' AND has_aid THEN above_aid END AS above_aid,
    CASE WHEN fairness_state = '已计算' AND has_aid AND below > 0 THEN CAST(below_aid AS DOUBLE) / below END AS below_mean,
    CASE WHEN fairness_state = '已计算' AND has_aid AND above > 0 THEN CAST(above_aid AS DOUBLE) / above END AS above_mean,
    CASE
      WHEN below > 1 AND above > 1
        THEN 1.96 * sqrt(
          greatest(below_square - CAST(below_aid AS DOUBLE) * CAST(below_aid AS DOUBLE) / below, 0) / (below - 1) / below
          + greatest(above_square - CAST(above_aid AS DOUBLE) * CAST(above_aid AS DOUBLE) / above, 0) / (above - 1) / above
        )
    END AS margin
  FROM stated
)
SELECT
  mean.area_level,
  mean.area_code,
  area_name.area,
  mean.fairness_state,
  mean.known AS income_known_households,
  mean.bunch AS bunch_households,
  mean.near AS neighbour_households,
  CASE WHEN mean.near > 0 THEN CAST(4 * CAST(mean.bunch AS DOUBLE) / mean.near AS DECIMAL(12, 8)) END AS bunching_ratio,
  mean.below AS below_band_households,
  mean.above AS above_band_households,
  CAST(mean.below_aid AS DECIMAL(18, 2)) AS below_aid_yuan,
  CAST(mean.above_aid AS DECIMAL(18, 2)) AS above_aid_yuan,
  CAST(mean.below_mean AS DECIMAL(18, 2)) AS below_mean_aid_yuan,
  CAST(mean.above_mean AS DECIMAL(18, 2)) AS above_mean_aid_yuan,
  CAST(mean.below_mean - mean.above_mean AS DECIMAL(18, 2)) AS line_jump_yuan,
  CAST(mean.below_mean - mean.above_mean - mean.margin AS DECIMAL(18, 2)) AS jump_low_yuan,
  CAST(mean.below_mean - mean.above_mean + mean.margin AS DECIMAL(18, 2)) AS jump_high_yuan
FROM mean
LEFT JOIN ref.area AS area_name ON area_name.area_level = mean.area_level AND area_name.area_code = mean.area_code
