-- mart.reconciliation
-- 对账：每个指标、地区、来源、期间，本平台按名单数出的数，与部门汇总数、抽样调查估计值各差多少，为什么；县级没有部门报过汇总数的指标也列一行。
-- Grain: one row per figure, area level, area, source kind, source and month; a figure without any total of its department has one row for the county.
-- 政策依据: 北委发〔2019〕5号 三(一)2 各部门信息与建档立卡信息有效对接；D26 对账。
-- Inputs: core.department_total_now, core.survey_estimate_now, core.own_figure, core.subsistence_allowance_now, core.special_hardship_now,
--   core.disability_now, core.health_insurance_now, core.education_aid_now, ref.reconcile_figure, ref.reconcile_feed, ref.figure_unit, ref.parameter,
--   ref.feed_state, ref.department, ref.county, ref.run, ref.area.
-- Limits: 数值按申报的计量单位换算成人、户、元、比例。difference_value = reported_value − own_value；difference_rate 为其与 own_value 之比，own_value 为 0 时为空。
--   部门汇总数相差不超过容许范围（参数 RECON_TOLERANCE × 本平台的数，含）为一致；估计值以本平台的数落在估计值 ± RECON_Z × 标准误之内（含）为一致。
--   有差异的一律列出，说明列出所有可能的原因：口径不同（申报口径与本平台的不同）、时点不同（统计期间不是本平台数据所在的月）、缺报（所需数据源未到或过期）、
--   未对接（部门数多出的不超过本平台没有对上人或没有村代码的数）；都不是的为无法解释。时点指标只有现在的数，以前各期见历次发布。未对接的行没有地区，各级都用全县的。
-- Tie-breaks: none; an area has one code, a source one figure a month.
WITH parameter AS (
  SELECT
    max(CASE WHEN parameter.code = 'RECON_TOLERANCE' THEN parameter.value END) AS tolerance,
    max(CASE WHEN parameter.code = 'RECON_Z' THEN parameter.value END) AS interval_width
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
ready AS (
  SELECT
    needed.figure_code,
    bool_and(coalesce(state.is_present AND NOT state.is_stale, FALSE)) AS is_ready,
    min(state.last_as_of) AS last_as_of
  FROM ref.reconcile_feed AS needed
  LEFT JOIN ref.feed_state AS state ON state.feed = needed.feed
  GROUP BY needed.figure_code
),
unlinked_row AS (
  SELECT '08' AS figure_code, count(*) AS unlinked_value FROM core.subsistence_allowance_now WHERE person_key IS NULL AND rural_urban_code = '1'
  UNION ALL
  SELECT '09' AS figure_code, count(*) AS unlinked_value FROM core.special_hardship_now WHERE person_key IS NULL
  UNION ALL
  SELECT '10' AS figure_code, count(*) AS unlinked_value FROM core.disability_now WHERE person_key IS NULL AND status_code = '1'
  UNION ALL
  SELECT '06' AS figure_code, count(*) AS unlinked_value
  FROM core.health_insurance_now AS insurance
  CROSS JOIN ref.run AS run
  WHERE insurance.person_key IS NULL AND insurance.year = extract(YEAR FROM run.as_of) AND insurance.status_code = '1'
  UNION ALL
  SELECT '11' AS figure_code, count(*) AS unlinked_value FROM core.education_aid_now WHERE person_key IS NULL
  UNION ALL
  SELECT '12' AS figure_code, coalesce(sum(amount_yuan), 0) AS unlinked_value FROM core.education_aid_now WHERE person_key IS NULL
),
unplaced AS (
  SELECT figure_code, area_level, own_period, own_value FROM core.own_figure WHERE area_code = '不详'
),
claimed AS (
  SELECT
    '部门汇总' AS source_kind, reporter_code AS source_code, figure_code, area_code, stat_month, reported_value AS given_value,
    CAST(NULL AS DECIMAL(18, 4)) AS standard_error, CAST(NULL AS BIGINT) AS sample_size, figure_unit_code, scope_code, data_date AS reported_as_of
  FROM core.department_total_now
  UNION ALL
  SELECT
    '抽样调查' AS source_kind, survey_code AS source_code, figure_code, area_code, stat_month, estimate_value AS given_value,
    standard_error, sample_size, figure_unit_code, scope_code, data_date AS reported_as_of
  FROM core.survey_estimate_now
  UNION ALL
  SELECT
    '部门汇总' AS source_kind, figure.department AS source_code, figure.figure_code, county.county_code AS area_code,
    CAST(date_trunc('month', run.as_of) AS DATE) AS stat_month, CAST(NULL AS DECIMAL(18, 4)) AS given_value,
    CAST(NULL AS DECIMAL(18, 4)) AS standard_error, CAST(NULL AS BIGINT) AS sample_size, CAST(NULL AS VARCHAR) AS figure_unit_code,
    CAST(NULL AS VARCHAR) AS scope_code, CAST(NULL AS DATE) AS reported_as_of
  FROM ref.reconcile_figure AS figure
  CROSS JOIN ref.county AS county
  CROSS JOIN ref.run AS run
  LEFT JOIN core.department_total_now AS total ON total.figure_code = figure.figure_code AND total.area_code = county.county_code
  WHERE figure.department IS NOT NULL AND total.figure_code IS NULL AND run.as_of IS NOT NULL
),
placed AS (
  SELECT
    claimed.*,
    CASE length(claimed.area_code) WHEN 6 THEN '县' WHEN 9 THEN '乡' ELSE '村' END AS area_level,
    figure.figure_title, figure.base_unit, figure.period_kind, figure.scope_code AS own_scope_code,
    unit.figure_unit_code IS NOT NULL AND unit.base_unit <> figure.base_unit AS is_other_unit,
    CASE WHEN unit.base_unit = figure.base_unit THEN unit.unit_factor END AS unit_factor,
    CASE figure.period_kind
      WHEN '月' THEN claimed.stat_month
      WHEN '年' THEN CAST(date_trunc('year', claimed.stat_month) AS DATE)
      ELSE DATE '1900-01-01'
    END AS own_period,
    CASE figure.period_kind
      WHEN '月' THEN least(ready.last_as_of, last_day(claimed.stat_month))
      WHEN '年' THEN least(ready.last_as_of, make_date(CAST(extract(YEAR FROM claimed.stat_month) AS INTEGER), 12, 31))
      ELSE ready.last_as_of
    END AS own_as_of,
    coalesce(ready.is_ready, FALSE) AS is_ready
  FROM claimed
  INNER JOIN ref.reconcile_figure AS figure ON figure.figure_code = claimed.figure_code
  LEFT JOIN ref.figure_unit AS unit ON unit.figure_unit_code = claimed.figure_unit_code
  LEFT JOIN ready ON ready.figure_code = claimed.figure_code
),
compared AS (
  SELECT
    placed.*,
    own.own_value,
    CAST(CAST(placed.given_value AS DECIMAL(24, 8)) * CAST(placed.unit_factor AS DECIMAL(14, 4)) AS DECIMAL(24, 8)) AS reported_base,
    CAST(CAST(placed.standard_error AS DECIMAL(24, 8)) * CAST(placed.unit_factor AS DECIMAL(14, 4)) AS DECIMAL(24, 8)) AS error_base,
    CAST(coalesce(unlinked_row.unlinked_value, 0) + coalesce(unplaced.own_value, 0) AS DECIMAL(24, 8)) AS unlinked_value,
    CASE
      WHEN placed.source_kind = '抽样调查'
        THEN CAST(
          CAST(CAST(placed.standard_error AS DECIMAL(24, 8)) * CAST(placed.unit_factor AS DECIMAL(14, 4)) AS DECIMAL(24, 8))
          * CAST(parameter.interval_width AS DECIMAL(8, 4)) AS DECIMAL(24, 8)
        )
      ELSE CAST(abs(own.own_value) * CAST(parameter.tolerance AS DECIMAL(8, 6)) AS DECIMAL(24, 8))
    END AS tolerance_value,
    CASE WHEN placed.source_kind = '抽样调查' THEN parameter.interval_width ELSE parameter.tolerance END IS NULL AS is_unset
  FROM placed
  CROSS JOIN parameter
  LEFT JOIN core.own_figure AS own
    ON own.figure_code = placed.figure_code AND own.area_level = placed.area_level AND own.area_code = placed.area_code AND own.own_period = placed.own_period
  LEFT JOIN unlinked_row ON unlinked_row.figure_code = placed.figure_code
  LEFT JOIN unplaced
    ON unplaced.figure_code = placed.figure_code AND unplaced.area_level = placed.area_level AND unplaced.own_period = placed.own_period
),
judged AS (
  SELECT
    compared.*,
    CAST(compared.reported_base - compared.own_value AS DECIMAL(24, 8)) AS difference_value,
    CASE
      WHEN compared.is_unset THEN '参数缺失'
      WHEN compared.reported_base IS NULL OR compared.own_value IS NULL OR compared.tolerance_value IS NULL THEN '无法判定'
      WHEN abs(compared.reported_base - compared.own_value) <= compared.tolerance_value THEN '一致'
      ELSE '有差异'
    END AS reconcile_state,
    concat_ws(
      '；',
      CASE WHEN compared.scope_code <> compared.own_scope_code THEN '口径不同' END,
      CASE WHEN date_trunc('month', compared.own_as_of) <> compared.stat_month THEN '时点不同' END,
      CASE WHEN NOT compared.is_ready THEN '缺报' END,
      CASE
        WHEN compared.reported_base > compared.own_value AND compared.reported_base - compared.own_value <= compared.unlinked_value THEN '未对接'
      END
    ) AS reasons
  FROM compared
)
SELECT
  judged.figure_code,
  judged.figure_title,
  judged.area_level,
  judged.area_code,
  area_name.area,
  judged.source_kind,
  judged.source_code,
  CASE
    WHEN judged.source_kind = '抽样调查' THEN CASE judged.source_code WHEN '1' THEN '统计局' WHEN '2' THEN '调查队' ELSE '第三方评估' END
    ELSE coalesce(department.department_title, area_name.area, judged.source_code)
  END AS source_title,
  judged.stat_month,
  judged.base_unit,
  judged.own_value,
  judged.own_as_of,
  judged.reported_base AS reported_value,
  judged.reported_as_of,
  judged.error_base AS standard_error,
  judged.sample_size,
  CASE WHEN judged.source_kind = '抽样调查' THEN CAST(judged.reported_base - judged.tolerance_value AS DECIMAL(24, 8)) END AS interval_low,
  CASE WHEN judged.source_kind = '抽样调查' THEN CAST(judged.reported_base + judged.tolerance_value AS DECIMAL(24, 8)) END AS interval_high,
  judged.tolerance_value,
  judged.difference_value,
  CASE
    WHEN judged.own_value <> 0 THEN CAST(CAST(judged.difference_value AS DOUBLE) / CAST(judged.own_value AS DOUBLE) AS DECIMAL(18, 8))
  END AS difference_rate,
  judged.unlinked_value,
  judged.reconcile_state,
  CASE
    WHEN judged.reconcile_state = '有差异' THEN CASE WHEN judged.reasons = '' THEN '无法解释' ELSE judged.reasons END
    WHEN judged.reconcile_state = '无法判定' THEN CASE
      WHEN judged.given_value IS NULL THEN '缺报：部门没有报汇总数'
      WHEN judged.is_other_unit THEN '单位不符'
      WHEN NOT judged.is_ready THEN '缺报：本平台所需的数据源未到或过期'
      WHEN judged.own_value IS NULL THEN '本平台没有该地区、该期间的数'
      ELSE '没有标准误'
    END
  END AS explanation
FROM judged
LEFT JOIN ref.area AS area_name ON area_name.area_level = judged.area_level AND area_name.area_code = judged.area_code
LEFT JOIN ref.department AS department ON department.department = judged.source_code
