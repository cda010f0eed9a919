-- core.poverty_line
-- 扶贫标准：每个有建档立卡记录的年份，各口径的标准是多少；没有录入的为空。
-- Grain: one row per year and line series (line_code).
-- 政策依据: 国家扶贫标准（统计监测口径、建档立卡工作口径）；辽宁省扶贫标准。口径不同的标准不能混用。
-- Inputs: core.registry_year, ref.parameter.
-- Limits: 年份的标准取该年年末（当年为运行日）有效的一行；没有任何一行有效的年份，标准为空，结果为“参数缺失”。
-- Tie-breaks: none; of one code only one row holds on a day.
WITH stat AS (
  SELECT stat_year, max(cutoff_date) AS cutoff_date FROM core.registry_year GROUP BY stat_year
),
line AS (
  SELECT code AS line_code, max(series) AS series
  FROM ref.parameter
  WHERE code IN ('LINE_NAT_WORK', 'LINE_NAT_STAT', 'LINE_PROV_LN')
  GROUP BY code
),
dated AS (
  SELECT stat.stat_year, parameter.code AS line_code, max(parameter.value) AS value
  FROM stat
  CROSS JOIN ref.parameter AS parameter
  WHERE parameter.code IN ('LINE_NAT_WORK', 'LINE_NAT_STAT', 'LINE_PROV_LN')
    AND stat.cutoff_date >= parameter.valid_from AND stat.cutoff_date < parameter.valid_to
  GROUP BY stat.stat_year, parameter.code
)
SELECT
  stat.stat_year,
  line.line_code,
  line.series,
  CAST(dated.value AS DECIMAL(18, 2)) AS poverty_line_yuan
FROM stat
CROSS JOIN line
LEFT JOIN dated ON dated.stat_year = stat.stat_year AND dated.line_code = line.line_code
