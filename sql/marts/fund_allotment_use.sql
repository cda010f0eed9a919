-- mart.fund_allotment_use
-- 资金指标使用：每个指标文号下达多少、支付多少、结余多少、支出进度，付给几个项目，有多少没有对应项目。
-- Grain: one row per allotment document (allotment_no); documents that only payments name have a row too.
-- 政策依据: 北委发〔2019〕5号 三(二)1；财政专项扶贫资金管理办法。
-- Inputs: core.fund_indicator, core.fund_voucher, ref.feed_state, ref.run.
-- Limits: 同一文号几级资金合计。支付为凭证净额（红冲照减）。恒等式: fund_balance_yuan = allotted_yuan − fund_paid_yuan；各行 fund_paid_yuan 之和等于
--   mart.fund_year 各年之和，也等于 mart.project_fund 之和加没有项目的支付。只在支付里出现的文号没有下达数，结余、进度为空。支付数据未到时支付各列为空。
-- Tie-breaks: none (sums only).
WITH feed AS (
  SELECT
    coalesce(bool_or(feed = 'fund_allotment'), FALSE) AS has_allotment,
    coalesce(bool_or(feed = 'fund_payment'), FALSE) AS has_payment
  FROM ref.feed_state
  WHERE is_present AND NOT is_stale
),
paid AS (
  SELECT
    allotment_no,
    min(budget_year) AS budget_year,
    sum(payment_yuan) AS paid_yuan,
    sum(CASE WHEN project_no IS NULL THEN payment_yuan ELSE 0 END) AS paid_without_project_yuan,
    count(DISTINCT project_no) AS project_count
  FROM core.fund_voucher
  GROUP BY allotment_no
)
SELECT
  coalesce(indicator.allotment_no, paid.allotment_no) AS allotment_no,
  indicator.fund_levels,
  coalesce(indicator.budget_year, paid.budget_year) AS budget_year,
  indicator.allotted_date,
  indicator.expiry_date AS allotment_expiry_date,
  indicator.expiry_date < run.as_of AS is_allotment_expired,
  CASE WHEN feed.has_allotment THEN indicator.allotted_yuan END AS allotted_yuan,
  CASE WHEN feed.has_allotment THEN indicator.carried_over_yuan END AS carried_over_yuan,
  CASE WHEN feed.has_payment THEN CAST(coalesce(paid.paid_yuan, 0) AS DECIMAL(18, 2)) END AS fund_paid_yuan,
  CASE WHEN feed.has_payment THEN CAST(coalesce(paid.paid_without_project_yuan, 0) AS DECIMAL(18, 2)) END AS paid_without_project_yuan,
  CASE
    WHEN feed.has_allotment AND feed.has_payment THEN CAST(indicator.allotted_yuan - coalesce(paid.paid_yuan, 0) AS DECIMAL(18, 2))
  END AS fund_balance_yuan,
  CASE
    WHEN feed.has_allotment AND feed.has_payment AND indicator.allotted_yuan > 0
      THEN CAST(CAST(coalesce(paid.paid_yuan, 0) AS DOUBLE) / indicator.allotted_yuan AS DECIMAL(12, 8))
  END AS spending_rate,
  CASE WHEN feed.has_allotment THEN indicator.reported_spent_yuan END AS reported_spent_yuan,
  CASE
    WHEN feed.has_allotment AND feed.has_payment THEN CAST(indicator.reported_spent_yuan - coalesce(paid.paid_yuan, 0) AS DECIMAL(18, 2))
  END AS reported_gap_yuan,
  CASE WHEN feed.has_payment THEN coalesce(paid.project_count, 0) END AS paid_project_count
FROM core.fund_indicator AS indicator
FULL JOIN paid ON paid.allotment_no = indicator.allotment_no
CROSS JOIN feed
CROSS JOIN ref.run AS run
