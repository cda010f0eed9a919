-- core.score_month
-- 考核的月份：到运行日为止的十二个月，每月算到哪一天；再往前一个月只作比较的起点。
-- Grain: one row per month.
-- Kept as: view (a dozen rows of the calendar).
-- 政策依据: 北委发〔2019〕5号 三(一)2 “数据考核”。
-- Inputs: ref.workday, ref.run.
-- Limits: cutoff_date 为月末，运行日所在月为运行日。is_scored 为假的只用来比较覆盖率。
-- Tie-breaks: none.
SELECT
  CAST(date_trunc('month', workday.day) AS DATE) AS stat_month,
  CAST(date_trunc('month', workday.day) - INTERVAL 1 MONTH AS DATE) AS month_before,
  max(workday.day) AS cutoff_date,
  date_trunc('month', workday.day) = date_trunc('month', max(run.as_of)) AS is_run_month,
  date_trunc('month', workday.day) > date_trunc('month', max(run.as_of)) - INTERVAL 12 MONTH AS is_scored
FROM ref.workday AS workday
CROSS JOIN ref.run AS run
WHERE workday.day <= run.as_of AND workday.day >= date_trunc('month', run.as_of) - INTERVAL 12 MONTH
GROUP BY date_trunc('month', workday.day)
