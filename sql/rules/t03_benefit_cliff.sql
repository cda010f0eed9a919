-- T03 悬崖效应
-- 一个乡镇里，收入略低于扶贫标准的户得到的帮扶比略高于标准的户多出数倍。
-- 政策依据: 北委发〔2019〕5号 一(二) 既不降低标准也不擅自拔高标准，避免“悬崖效应”。
-- Severity: 蓝
-- Owner: fupinban
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: town（乡镇内全部建档立卡户）
-- Parameters: LINE_NAT_WORK, CLIFF_WIDTH, CLIFF_RATIO, CLIFF_MIN, BUNCH_WIDTH
-- Feeds: registry_household, aid_measure
-- Inputs: mart.fairness, ref.parameter, ref.run.
-- Limits: 帮扶只含帮扶措施登记的金额，低保、特困等按收入补差的不算。标准以下或以上不足 CLIFF_MIN 户的乡镇无法判定。恰好等于 CLIFF_RATIO 倍不算。
-- Tie-breaks: none; one row per town.
WITH parameter AS (
  SELECT
    max(CASE WHEN parameter.code = 'LINE_NAT_WORK' THEN parameter.value END) AS line,
    max(CASE WHEN parameter.code = 'CLIFF_WIDTH' THEN parameter.value END) AS cliff_width,
    max(CASE WHEN parameter.code = 'BUNCH_WIDTH' THEN parameter.value END) AS bunch_width,
    max(CASE WHEN parameter.code = 'CLIFF_RATIO' THEN parameter.value END) AS wanted_ratio,
    max(CASE WHEN parameter.code = 'CLIFF_MIN' THEN parameter.value END) AS wanted_households
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
)
SELECT
  town.area_code AS subject,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS household_id,
  CAST(NULL AS VARCHAR) AS village_code,
  CASE
    WHEN town.fairness_state <> '已计算' OR town.below_aid_yuan IS NULL THEN '无法判定'
    WHEN town.below_band_households < parameter.wanted_households OR town.above_band_households < parameter.wanted_households THEN '无法判定'
    WHEN town.below_mean_aid_yuan > parameter.wanted_ratio * town.above_mean_aid_yuan THEN '命中'
    ELSE '未命中'
  END AS verdict,
  town.below_band_households,
  town.above_band_households,
  town.below_mean_aid_yuan,
  town.above_mean_aid_yuan,
  town.line_jump_yuan,
  town.jump_low_yuan,
  town.jump_high_yuan,
  CAST(parameter.line AS DECIMAL(18, 2)) AS poverty_line_yuan
FROM mart.fairness AS town
CROSS JOIN parameter
WHERE town.area_level = '乡' AND town.area_code <> '不详'
