-- mart.help_public
-- 供需信息公开：每个乡镇、每类、每种单位还有多少需求，县、乡还有多少供给；没有户、人、村，户数或供给条数少于起点的不公布。
-- Grain: one row per side (需求 / 供给), township (供给不限乡村的为县), category and unit.
-- 政策依据: 北委发〔2019〕5号 三(三)5 “实现贫困供需信息社会公众查询”；A12 公开只到类别和乡镇；A58、E19 小单元抑制。
-- Inputs: core.help_need_state, core.help_offer_state, ref.division, ref.county, ref.parameter, ref.run.
-- Limits: 起点（参数 PUBLIC_CELL_MIN）数的是需求户和供给条，不是需求条：一户提多条仍是一户。条数取最近的 3 的倍数，数量取两位有效数字，免得两期相减
--   得出某一户的数量。只有各单元，没有合计，被抑制的单元不能从合计倒推。参数没有录入时为参数缺失，什么数也不公布。只含待对接的需求和可对接的供给；需求、
--   供给或对接数据未到或过期时没有这些状态，本表为空表，不表示没有需求。限到村的供给列在乡镇。
-- Tie-breaks: none (counts and sums).
WITH floor_size AS (
  SELECT max(CASE WHEN parameter.code = 'PUBLIC_CELL_MIN' THEN parameter.value END) AS cell_min
  FROM ref.parameter AS parameter
  CROSS JOIN ref.run AS run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
area_name AS (
  SELECT town_code AS area_code, max(town_name) AS area FROM ref.division GROUP BY town_code
  UNION ALL
  SELECT county_code AS area_code, max(county) AS area FROM ref.county GROUP BY county_code
),
shown AS (
  SELECT '需求' AS help_side, town_code AS area_code, help_category_code, help_unit_code, household_id AS who, open_quantity
  FROM core.help_need_state
  WHERE need_state = '待对接'
  UNION ALL
  SELECT '供给' AS help_side, substr(area_code, 1, 9) AS area_code, help_category_code, help_unit_code, offer_no AS who, open_quantity
  FROM core.help_offer_state
  WHERE offer_state = '可对接'
),
cell AS (
  SELECT
    help_side, area_code, help_category_code, help_unit_code,
    count(DISTINCT who) AS unit_size, count(*) AS lines, CAST(sum(open_quantity) AS DOUBLE) AS quantity
  FROM shown
  GROUP BY help_side, area_code, help_category_code, help_unit_code
),
judged AS (
  SELECT
    cell.*,
    CASE WHEN floor_size.cell_min IS NULL THEN '参数缺失' WHEN cell.unit_size < floor_size.cell_min THEN '少于起点' ELSE '公布' END AS public_state,
    power(10, floor(log10(cell.quantity)) - 1) AS step
  FROM cell
  CROSS JOIN floor_size
)
SELECT
  judged.help_side,
  judged.area_code,
  area_name.area,
  judged.help_category_code,
  judged.help_unit_code,
  judged.public_state,
  CASE WHEN judged.public_state = '公布' THEN CAST(round(judged.lines / 3.0) * 3 AS BIGINT) END AS public_count,
  CASE WHEN judged.public_state = '公布' THEN CAST(round(judged.quantity / judged.step) * judged.step AS DECIMAL(18, 4)) END AS public_quantity
FROM judged
LEFT JOIN area_name ON area_name.area_code = judged.area_code
