-- explain.fund_year
-- 每年的下达、支付、项目、公示、到户金额各是哪些指标、凭证、项目、户。
-- Inputs: core.fund_indicator, core.fund_voucher, core.project_check, core.project_benefit, ops.rule_hit, ops.rule_run, ref.feed_state, ref.run.
-- Limits: 口径同 mart.fund_year。
-- Derived: fund_balance_yuan = allotted_yuan − fund_paid_yuan + paid_without_allotment_yuan; spending_rate = (fund_paid_yuan − paid_without_allotment_yuan) ÷ allotted_yuan
-- Derived: target_rate = target_met_count ÷ target_due_count; notice_rate = notice_done_count ÷ notice_due_count; household_gap_yuan = household_paid_yuan − cash_benefit_yuan
-- Derived: to_household_yuan = cash_benefit_yuan + dividend_benefit_yuan; poor_share = to_registered_yuan ÷ to_household_yuan
WITH feed AS (
  SELECT
    coalesce(bool_or(feed = 'fund_allotment'), FALSE) AS has_allotment,
    coalesce(bool_or(feed = 'fund_payment'), FALSE) AS has_payment,
    coalesce(bool_or(feed = 'project'), FALSE) AS has_project,
    coalesce(bool_or(feed = 'project_beneficiary'), FALSE) AS has_benefit,
    coalesce(bool_or(feed = 'project_disclosure'), FALSE) AS has_notice
  FROM ref.feed_state
  WHERE is_present AND NOT is_stale
),
judged AS (
  SELECT count(*) = 2 AS has_rules
  FROM ops.rule_run
  WHERE rule_id IN ('F04', 'F06') AND missing_feeds IS NULL AND unset_parameters IS NULL
),
doubtful AS (
  SELECT subject AS voucher_no
  FROM ops.rule_hit
  WHERE rule_id IN ('F04', 'F06') AND verdict = '命中'
  GROUP BY subject
)
SELECT
  indicator.budget_year AS fund_year,
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
  voucher.budget_year AS fund_year,
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
  voucher.budget_year AS fund_year,
  'paid_to_project_yuan' AS figure,
  CAST(NULL AS VARCHAR) AS household_id,
  CAST(NULL AS BIGINT) AS person_key,
  '凭证 ' || voucher.voucher_no AS record,
  voucher.payment_yuan AS amount
FROM core.fund_voucher AS voucher
CROSS JOIN feed
WHERE feed.has_payment AND feed.has_project AND voucher.project_no IS NOT NULL
UNION ALL
SELECT
  voucher.budget_year AS fund_year,
  'paid_without_project_yuan' AS figure,
  CAST(NULL AS VARCHAR) AS household_id,
  CAST(NULL AS BIGINT) AS person_key,
  '凭证 ' || voucher.voucher_no AS record,
  voucher.payment_yuan AS amount
FROM core.fund_voucher AS voucher
CROSS JOIN feed
WHERE feed.has_payment AND feed.has_project AND voucher.project_no IS NULL
UNION ALL
SELECT
  voucher.budget_year AS fund_year,
  'paid_without_allotment_yuan' AS figure,
  CAST(NULL AS VARCHAR) AS household_id,
  CAST(NULL AS BIGINT) AS person_key,
  '凭证 ' || voucher.voucher_no AS record,
  voucher.payment_yuan AS amount
FROM core.fund_voucher AS voucher
CROSS JOIN feed
WHERE feed.has_payment AND feed.has_allotment AND NOT voucher.is_allotment_known
UNION ALL
SELECT
  voucher.budget_year AS fund_year,
  'doubtful_yuan' AS figure,
  CAST(NULL AS VARCHAR) AS household_id,
  CAST(NULL AS BIGINT) AS person_key,
  '凭证 ' || voucher.voucher_no AS record,
  voucher.payment_yuan AS amount
FROM core.fund_voucher AS voucher
CROSS JOIN feed
CROSS JOIN judged
INNER JOIN doubtful ON doubtful.voucher_no = voucher.voucher_no
WHERE feed.has_payment AND judged.has_rules
UNION ALL
SELECT
  checked.project_year AS fund_year,
  'project_count' AS figure,
  CAST(NULL AS VARCHAR) AS household_id,
  CAST(NULL AS BIGINT) AS person_key,
  '项目 ' || checked.project_no AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM core.project_check AS checked
CROSS JOIN feed
CROSS JOIN ref.run AS run
WHERE feed.has_project AND checked.project_year IS NOT NULL
UNION ALL
SELECT
  checked.project_year AS fund_year,
  'project_stocked_count' AS figure,
  CAST(NULL AS VARCHAR) AS household_id,
  CAST(NULL AS BIGINT) AS person_key,
  '项目 ' || checked.project_no AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM core.project_check AS checked
CROSS JOIN feed
CROSS JOIN ref.run AS run
WHERE feed.has_project AND checked.project_year IS NOT NULL AND checked.project_status_code = '1'
UNION ALL
SELECT
  checked.project_year AS fund_year,
  'project_approved_count' AS figure,
  CAST(NULL AS VARCHAR) AS household_id,
  CAST(NULL AS BIGINT) AS person_key,
  '项目 ' || checked.project_no AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM core.project_check AS checked
CROSS JOIN feed
CROSS JOIN ref.run AS run
WHERE feed.has_project AND checked.project_year IS NOT NULL AND checked.project_status_code = '2'
UNION ALL
SELECT
  checked.project_year AS fund_year,
  'project_running_count' AS figure,
  CAST(NULL AS VARCHAR) AS household_id,
  CAST(NULL AS BIGINT) AS person_key,
  '项目 ' || checked.project_no AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM core.project_check AS checked
CROSS JOIN feed
CROSS JOIN ref.run AS run
WHERE feed.has_project AND checked.project_year IS NOT NULL AND checked.project_status_code = '3'
UNION ALL
SELECT
  checked.project_year AS fund_year,
  'project_completed_count' AS figure,
  CAST(NULL AS VARCHAR) AS household_id,
  CAST(NULL AS BIGINT) AS person_key,
  '项目 ' || checked.project_no AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM core.project_check AS checked
CROSS JOIN feed
CROSS JOIN ref.run AS run
WHERE feed.has_project AND checked.project_year IS NOT NULL AND checked.project_status_code = '4'
UNION ALL
SELECT
  checked.project_year AS fund_year,
  'project_accepted_count' AS figure,
  CAST(NULL AS VARCHAR) AS household_id,
  CAST(NULL AS BIGINT) AS person_key,
  '项目 ' || checked.project_no AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM core.project_check AS checked
CROSS JOIN feed
CROSS JOIN ref.run AS run
WHERE feed.has_project AND checked.project_year IS NOT NULL AND checked.project_status_code = '5'
UNION ALL
SELECT
  checked.project_year AS fund_year,
  'project_handed_over_count' AS figure,
  CAST(NULL AS VARCHAR) AS household_id,
  CAST(NULL AS BIGINT) AS person_key,
  '项目 ' || checked.project_no AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM core.project_check AS checked
CROSS JOIN feed
CROSS JOIN ref.run AS run
WHERE feed.has_project AND checked.project_year IS NOT NULL AND checked.project_status_code = '6'
UNION ALL
SELECT
  checked.project_year AS fund_year,
  'project_stopped_count' AS figure,
  CAST(NULL AS VARCHAR) AS household_id,
  CAST(NULL AS BIGINT) AS person_key,
  '项目 ' || checked.project_no AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM core.project_check AS checked
CROSS JOIN feed
CROSS JOIN ref.run AS run
WHERE feed.has_project AND checked.project_year IS NOT NULL AND checked.project_status_code = '9'
UNION ALL
SELECT
  checked.project_year AS fund_year,
  'project_budget_yuan' AS figure,
  CAST(NULL AS VARCHAR) AS household_id,
  CAST(NULL AS BIGINT) AS person_key,
  '项目 ' || checked.project_no AS record,
  CAST(checked.budget_yuan AS DECIMAL(18, 2)) AS amount
FROM core.project_check AS checked
CROSS JOIN feed
CROSS JOIN ref.run AS run
WHERE feed.has_project AND checked.project_year IS NOT NULL
UNION ALL
SELECT
  checked.project_year AS fund_year,
  'target_due_count' AS figure,
  CAST(NULL AS VARCHAR) AS household_id,
  CAST(NULL AS BIGINT) AS person_key,
  '项目 ' || checked.project_no AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM core.project_check AS checked
CROSS JOIN feed
CROSS JOIN ref.run AS run
WHERE feed.has_project AND checked.project_year IS NOT NULL AND checked.project_status_code <> '9' AND date_trunc('month', checked.plan_end_date) < date_trunc('month', run.as_of)
UNION ALL
SELECT
  checked.project_year AS fund_year,
  'target_met_count' AS figure,
  CAST(NULL AS VARCHAR) AS household_id,
  CAST(NULL AS BIGINT) AS person_key,
  '项目 ' || checked.project_no AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM core.project_check AS checked
CROSS JOIN feed
CROSS JOIN ref.run AS run
WHERE feed.has_project AND checked.project_year IS NOT NULL AND checked.project_status_code <> '9' AND date_trunc('month', checked.plan_end_date) < date_trunc('month', run.as_of) AND checked.is_target_measured AND checked.acceptance_code IN ('1', '2')
UNION ALL
SELECT
  checked.project_year AS fund_year,
  'notice_due_count' AS figure,
  CAST(NULL AS VARCHAR) AS household_id,
  CAST(NULL AS BIGINT) AS person_key,
  '项目 ' || checked.project_no AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM core.project_check AS checked
CROSS JOIN feed
CROSS JOIN ref.run AS run
WHERE feed.has_project AND feed.has_notice AND checked.project_year IS NOT NULL AND checked.project_status_code <> '9'
UNION ALL
SELECT
  checked.project_year AS fund_year,
  'notice_done_count' AS figure,
  CAST(NULL AS VARCHAR) AS household_id,
  CAST(NULL AS BIGINT) AS person_key,
  '项目 ' || checked.project_no AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM core.project_check AS checked
CROSS JOIN feed
CROSS JOIN ref.run AS run
WHERE feed.has_project AND feed.has_notice AND checked.project_year IS NOT NULL AND checked.project_status_code <> '9' AND checked.stocked_notice IN ('足够', '不需要')
  AND checked.planned_notice IN ('足够', '不需要') AND checked.completed_notice IN ('足够', '不需要')
UNION ALL
SELECT
  checked.project_year AS fund_year,
  'household_paid_yuan' AS figure,
  CAST(NULL AS VARCHAR) AS household_id,
  CAST(NULL AS BIGINT) AS person_key,
  '凭证 ' || voucher.voucher_no AS record,
  voucher.payment_yuan AS amount
FROM core.fund_voucher AS voucher
INNER JOIN core.project_check AS checked ON checked.project_no = voucher.project_no
CROSS JOIN feed
WHERE feed.has_payment AND feed.has_project AND feed.has_benefit AND voucher.is_to_household AND checked.project_year IS NOT NULL
UNION ALL
SELECT
  coalesce(checked.project_year, CAST(extract(YEAR FROM benefit.benefit_date) AS BIGINT)) AS fund_year,
  'cash_benefit_yuan' AS figure,
  benefit.household_id AS household_id,
  benefit.person_key AS person_key,
  '受益 ' || benefit.project_no || ' ' || CAST(benefit.benefit_date AS VARCHAR) AS record,
  benefit.benefit_yuan AS amount
FROM core.project_benefit AS benefit
CROSS JOIN feed
LEFT JOIN core.project_check AS checked ON checked.project_no = benefit.project_no
WHERE feed.has_benefit AND benefit.benefit_way_code IN ('1') AND benefit.benefit_yuan IS NOT NULL
UNION ALL
SELECT
  coalesce(checked.project_year, CAST(extract(YEAR FROM benefit.benefit_date) AS BIGINT)) AS fund_year,
  'dividend_benefit_yuan' AS figure,
  benefit.household_id AS household_id,
  benefit.person_key AS person_key,
  '受益 ' || benefit.project_no || ' ' || CAST(benefit.benefit_date AS VARCHAR) AS record,
  benefit.benefit_yuan AS amount
FROM core.project_benefit AS benefit
CROSS JOIN feed
LEFT JOIN core.project_check AS checked ON checked.project_no = benefit.project_no
WHERE feed.has_benefit AND benefit.benefit_way_code IN ('3') AND benefit.benefit_yuan IS NOT NULL
UNION ALL
SELECT
  coalesce(checked.project_year, CAST(extract(YEAR FROM benefit.benefit_date) AS BIGINT)) AS fund_year,
  'to_registered_yuan' AS figure,
  benefit.household_id AS household_id,
  benefit.person_key AS person_key,
  '受益 ' || benefit.project_no || ' ' || CAST(benefit.benefit_date AS VARCHAR) AS record,
  benefit.benefit_yuan AS amount
FROM core.project_benefit AS benefit
CROSS JOIN feed
LEFT JOIN core.project_check AS checked ON checked.project_no = benefit.project_no
WHERE feed.has_benefit AND benefit.benefit_way_code IN ('1', '3') AND benefit.benefit_yuan IS NOT NULL AND benefit.household_id IS NOT NULL
