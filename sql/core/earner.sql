-- core.earner
-- 务工：就业名册中的每个人，近十二个月和再前十二个月挣了多少工资，最近一份工作停了几个月。
-- Grain: one row per person_key on the employment list.
-- Scope: person_key
-- 政策依据: 北委发〔2019〕5号 二(一)6 就业扶贫；国开发〔2020〕6号 因务工就业不稳返贫的监测。
-- Inputs: core.employment_now, ref.run.
-- Limits: 以整月计：近十二个月指运行月以前的十二个整月。终止年月当月算在岗；终止年月为空算至今，但此后登记了失业或未就业的，算到登记的前一个月。
--   一年中的务工月数多于在岗月数时按在岗月数。工资为空的工作使 is_wage_known 为假。名册不全时工资只会偏少。
-- Tie-breaks: none (sums and extremes only).
WITH run AS (
  SELECT CAST(date_trunc('month', as_of) AS DATE) AS this_month
  FROM ref.run
),
-- Since when somebody is known to be without work; only unemployment that has not ended.
idle AS (
  SELECT person_key, max(start_month) AS idle_from
  FROM core.employment_now
  WHERE status_code IN ('2', '3') AND end_month IS NULL AND person_key IS NOT NULL
  GROUP BY person_key
),
job AS (
  SELECT
    employment.person_key,
    employment.monthly_wage_yuan,
    employment.start_month,
    coalesce(employment.work_months, 12) AS paid_months,
    least(
      CAST(coalesce(employment.end_month, DATE '9999-11-01') + INTERVAL 1 MONTH AS DATE),
      CASE WHEN idle.idle_from > employment.start_month THEN idle.idle_from ELSE DATE '9999-12-01' END
    ) AS stop_month
  FROM core.employment_now AS employment
  LEFT JOIN idle ON idle.person_key = employment.person_key
  WHERE employment.status_code = '1' AND employment.person_key IS NOT NULL
),
counted AS (
  SELECT
    job.person_key,
    job.monthly_wage_yuan,
    job.stop_month,
    run.this_month,
    least(job.paid_months, greatest(date_diff('month', greatest(job.start_month, CAST(run.this_month - INTERVAL 12 MONTH AS DATE)), least(job.stop_month, run.this_month)), 0)) AS months,
    least(
      job.paid_months,
      greatest(
        date_diff(
          'month',
          greatest(job.start_month, CAST(run.this_month - INTERVAL 24 MONTH AS DATE)),
          least(job.stop_month, CAST(run.this_month - INTERVAL 12 MONTH AS DATE))
        ),
        0
      )
    ) AS prior_months,
    greatest(date_diff('month', greatest(job.start_month, CAST(run.this_month - INTERVAL 18 MONTH AS DATE)), least(job.stop_month, run.this_month)), 0) AS late_months
  FROM job
  CROSS JOIN run
),
summed AS (
  SELECT
    person_key,
    sum(coalesce(monthly_wage_yuan, 0) * months) AS wage_yuan,
    sum(coalesce(monthly_wage_yuan, 0) * prior_months) AS prior_wage_yuan,
    sum(coalesce(monthly_wage_yuan, 0) * late_months) AS late_wage_yuan,
    max(CASE WHEN monthly_wage_yuan IS NULL AND months > 0 THEN 1 ELSE 0 END) = 0 AS is_wage_known,
    CAST(greatest(date_diff('month', max(stop_month), max(this_month)), 0) AS BIGINT) AS idle_months
  FROM counted
  GROUP BY person_key
)
SELECT
  summed.person_key,
  CAST(summed.wage_yuan AS DECIMAL(18, 2)) AS wage_yuan,
  CAST(summed.prior_wage_yuan AS DECIMAL(18, 2)) AS prior_wage_yuan,
  CAST(summed.late_wage_yuan AS DECIMAL(18, 2)) AS late_wage_yuan,
  summed.is_wage_known,
  summed.idle_months
FROM summed
UNION ALL
SELECT
  idle.person_key,
  CAST(0 AS DECIMAL(18, 2)) AS wage_yuan,
  CAST(0 AS DECIMAL(18, 2)) AS prior_wage_yuan,
  CAST(0 AS DECIMAL(18, 2)) AS late_wage_yuan,
  TRUE AS is_wage_known,
  CAST(greatest(date_diff('month', idle.idle_from, run.this_month), 0) AS BIGINT) AS idle_months
FROM idle
CROSS JOIN run
WHERE NOT EXISTS (SELECT 1 FROM job WHERE job.person_key = idle.person_key)
