-- mart.observation_panel
-- 定点观测：每个观测村每期每个指标的值、与上一期相比的变化，缺测、流失和是否平衡面板。
-- Grain: one row per village ever observed for an indicator, indicator and wave of observation.
-- 政策依据: 北委发〔2019〕5号 三(一)4 开展贫困村定点观测，跟踪了解脱贫进程、扶贫成效、发展变化。
-- Inputs: core.observation_now, core.village_now, ref.division, ref.run.
-- Limits: 各期是所有村合起来观测过的月份，运行日以后的不算。缺测的格也有一行，值为空，不补。上一期指前一个观测月份，上一期缺测则没有变化。
--   panel_state: 平衡为该村该指标每期都有；流失为最近一期缺测而以前有；新入为第一期没有而以后每期都有；其余为有缺测。没有抽样权数，不能推算全县。
-- Tie-breaks: none; one value per village, wave and indicator.
WITH told AS (
  SELECT observation.village_code, observation.wave, observation.indicator_code, observation.observed_value
  FROM core.observation_now AS observation
  CROSS JOIN ref.run AS run
  WHERE observation.wave <= run.as_of
),
numbered AS (
  SELECT wave, row_number() OVER (ORDER BY wave) AS wave_no FROM (SELECT DISTINCT wave FROM told) AS waves
),
last AS (
  SELECT max(wave_no) AS wave_count FROM numbered
),
placed AS (
  SELECT told.village_code, told.indicator_code, told.observed_value, numbered.wave_no
  FROM told
  INNER JOIN numbered ON numbered.wave = told.wave
),
panel AS (
  SELECT
    village_code, indicator_code, count(*) AS waves_observed, min(wave_no) AS first_no, max(wave_no) AS last_no
  FROM placed
  GROUP BY village_code, indicator_code
)
SELECT
  panel.village_code,
  coalesce(village.village, division.village_name) AS village,
  panel.indicator_code AS observed_indicator_code,
  numbered.wave AS observation_wave,
  placed.observed_value,
  CAST(placed.observed_value - earlier.observed_value AS DECIMAL(18, 4)) AS observed_change,
  CASE
    WHEN earlier.observed_value > 0
      THEN CAST(CAST(placed.observed_value AS DOUBLE) / CAST(earlier.observed_value AS DOUBLE) - 1 AS DECIMAL(12, 8))
  END AS observed_growth,
  panel.waves_observed,
  last.wave_count,
  CASE
    WHEN panel.waves_observed = last.wave_count THEN '平衡'
    WHEN panel.last_no < last.wave_count THEN '流失'
    WHEN panel.waves_observed = last.wave_count - panel.first_no + 1 THEN '新入'
    ELSE '有缺测'
  END AS panel_state
FROM panel
CROSS JOIN numbered
CROSS JOIN last
LEFT JOIN placed
  ON placed.village_code = panel.village_code AND placed.indicator_code = panel.indicator_code AND placed.wave_no = numbered.wave_no
LEFT JOIN placed AS earlier
  ON earlier.village_code = panel.village_code AND earlier.indicator_code = panel.indicator_code AND earlier.wave_no = numbered.wave_no - 1
LEFT JOIN core.village_now AS village ON village.village_code = panel.village_code
LEFT JOIN ref.division AS division ON division.village_code = panel.village_code
