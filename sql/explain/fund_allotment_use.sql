-- explain.fund_allotment_use
-- 每个指标文号的下达、支付各是哪些指标、凭证和项目。
-- Inputs: core.fund_indicator, core.fund_voucher, ref.feed_state.
-- Limits: 同一文号的几级资金合为一行。
-- Derived: fund_balance_yuan = allotted_yuan − fund_paid_yuan; spending_rate = fund_paid_yuan ÷ allotted_yuan; reported_gap_yuan = reported_spent_yuan − fund_paid_yuan
-- Derived: budget_year = 指标的预算年度
WITH feed AS (
  SELECT
    coalesce(bool_or(feed = 'fund_allotment'), FALSE) AS has_allotment,
    coalesce(bool_or(feed = 'fund_payment'), FALSE) AS has_payment,
    coalesce(bool_or(feed = 'project'), FALSE) AS has_project,
    coalesce(bool_or(feed = 'project_beneficiary'), FALSE) AS has_benefit,
    coalesce(bool_or(feed = 'project_disclosure'), FALSE) AS has_notice
  FROM ref.feed_state
  WHERE is_present AND NOT is_stale
)
SELECT
  indicator.allotment_no,
  'allotted_yuan' AS figure,
  CAST(NULL AS VARCHAR) AS household_id,
  CAST(NULL AS BIGINT) AS person_key,
  '指标 ' || indicator.allotment_no AS record,
  indicator.allotted_yuan AS amount
FROM core.fund_indicator AS indicator
CROSS JOIN feed
WHERE feed.has_allotment
UNION ALL
SELECT
  indicator.allotment_no,
  'carried_over_yuan' AS figure,
  CAST(NULL AS VARCHAR) AS household_id,
  CAST(NULL AS BIGINT) AS person_key,
  '指标 ' || indicator.allotment_no AS record,
  indicator.carried_over_yuan AS amount
FROM core.fund_indicator AS indicator
CROSS JOIN feed
WHERE feed.has_allotment
UNION ALL
SELECT
  indicator.allotment_no,
  'reported_spent_yuan' AS figure,
  CAST(NULL AS VARCHAR) AS household_id,
  CAST(NULL AS BIGINT) AS person_key,
  '指标 ' || indicator.allotment_no AS record,
  indicator.reported_spent_yuan AS amount
FROM core.fund_indicator AS indicator
CROSS JOIN feed
WHERE feed.has_allotment AND indicator.reported_spent_yuan IS NOT NULL
UNION ALL
SELECT
  voucher.allotment_no,
  'fund_paid_yuan' AS figure,
  CAST(NULL AS VARCHAR) AS household_id,
  CAST(NULL AS BIGINT) AS person_key,
  '凭证 ' || voucher.voucher_no AS record,
  voucher.payment_yuan AS amount
FROM core.fund_voucher AS voucher
CROSS JOIN feed
WHERE feed.has_payment
UNION ALL
SELECT
  voucher.allotment_no,
  'paid_without_project_yuan' AS figure,
  CAST(NULL AS VARCHAR) AS household_id,
  CAST(NULL AS BIGINT) AS person_key,
  '凭证 ' || voucher.voucher_no AS record,
  voucher.payment_yuan AS amount
FROM core.fund_voucher AS voucher
CROSS JOIN feed
WHERE feed.has_payment AND voucher.project_no IS NULL
UNION ALL
SELECT
  voucher.allotment_no,
  'paid_project_count' AS figure,
  CAST(NULL AS VARCHAR) AS household_id,
  CAST(NULL AS BIGINT) AS person_key,
  '项目 ' || voucher.project_no AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM core.fund_voucher AS voucher
CROSS JOIN feed
WHERE feed.has_payment AND voucher.project_no IS NOT NULL
GROUP BY voucher.allotment_no, voucher.project_no
