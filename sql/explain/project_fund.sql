-- explain.project_fund
-- 每个项目的支付、受益、疑点金额各是哪些凭证、哪些户、哪些人。
-- Inputs: core.project_check, core.project_now, core.fund_voucher, core.project_benefit, ops.rule_hit, ops.rule_run, ref.feed_state.
-- Limits: 受益人归不到建档户的只列人。
-- Derived: project_unpaid_yuan = project_budget_yuan − fund_paid_yuan; project_paid_ratio = fund_paid_yuan ÷ project_budget_yuan; household_gap_yuan = household_paid_yuan − cash_benefit_yuan
-- Derived: to_household_yuan = cash_benefit_yuan + dividend_benefit_yuan; poor_share = to_registered_yuan ÷ to_household_yuan
-- Derived: project_year = 登记的项目年度; project_progress_ratio = 登记的工程进度; fiscal_fund_yuan = 登记的各级财政资金之和
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
  checked.project_no,
  'project_budget_yuan' AS figure,
  CAST(NULL AS VARCHAR) AS household_id,
  CAST(NULL AS BIGINT) AS person_key,
  '项目 ' || checked.project_no AS record,
  CAST(checked.budget_yuan AS DECIMAL(18, 2)) AS amount
FROM core.project_check AS checked
UNION ALL
SELECT
  checked.project_no,
  'fund_paid_yuan' AS figure,
  CAST(NULL AS VARCHAR) AS household_id,
  CAST(NULL AS BIGINT) AS person_key,
  '凭证 ' || voucher.voucher_no AS record,
  voucher.payment_yuan AS amount
FROM core.fund_voucher AS voucher
INNER JOIN core.project_check AS checked ON checked.project_no = voucher.project_no
CROSS JOIN feed
WHERE feed.has_payment
UNION ALL
SELECT
  checked.project_no,
  'household_paid_yuan' AS figure,
  CAST(NULL AS VARCHAR) AS household_id,
  CAST(NULL AS BIGINT) AS person_key,
  '凭证 ' || voucher.voucher_no AS record,
  voucher.payment_yuan AS amount
FROM core.fund_voucher AS voucher
INNER JOIN core.project_check AS checked ON checked.project_no = voucher.project_no
CROSS JOIN feed
WHERE feed.has_payment AND feed.has_benefit AND voucher.is_to_household
UNION ALL
SELECT
  checked.project_no,
  'doubtful_yuan' AS figure,
  CAST(NULL AS VARCHAR) AS household_id,
  CAST(NULL AS BIGINT) AS person_key,
  '凭证 ' || voucher.voucher_no AS record,
  voucher.payment_yuan AS amount
FROM core.fund_voucher AS voucher
INNER JOIN core.project_check AS checked ON checked.project_no = voucher.project_no
CROSS JOIN feed
CROSS JOIN judged
INNER JOIN doubtful ON doubtful.voucher_no = voucher.voucher_no
WHERE feed.has_payment AND judged.has_rules
UNION ALL
SELECT
  checked.project_no,
  'listed_household_count' AS figure,
  benefit.household_id AS household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM core.project_benefit AS benefit
INNER JOIN core.project_check AS checked ON checked.project_no = benefit.project_no
CROSS JOIN feed
WHERE feed.has_benefit AND benefit.household_id IS NOT NULL
GROUP BY checked.project_no, benefit.household_id
UNION ALL
SELECT
  checked.project_no,
  'outside_person_count' AS figure,
  CAST(NULL AS VARCHAR) AS household_id,
  benefit.person_key AS person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM core.project_benefit AS benefit
INNER JOIN core.project_check AS checked ON checked.project_no = benefit.project_no
CROSS JOIN feed
WHERE feed.has_benefit AND benefit.household_id IS NULL AND benefit.person_key IS NOT NULL
GROUP BY checked.project_no, benefit.person_key
UNION ALL
SELECT
  checked.project_no,
  'cash_benefit_yuan' AS figure,
  benefit.household_id AS household_id,
  benefit.person_key AS person_key,
  '受益 ' || benefit.project_no || ' ' || CAST(benefit.benefit_date AS VARCHAR) AS record,
  benefit.benefit_yuan AS amount
FROM core.project_benefit AS benefit
INNER JOIN core.project_check AS checked ON checked.project_no = benefit.project_no
CROSS JOIN feed
WHERE feed.has_benefit AND benefit.benefit_way_code IN ('1') AND benefit.benefit_yuan IS NOT NULL
UNION ALL
SELECT
  checked.project_no,
  'dividend_benefit_yuan' AS figure,
  benefit.household_id AS household_id,
  benefit.person_key AS person_key,
  '受益 ' || benefit.project_no || ' ' || CAST(benefit.benefit_date AS VARCHAR) AS record,
  benefit.benefit_yuan AS amount
FROM core.project_benefit AS benefit
INNER JOIN core.project_check AS checked ON checked.project_no = benefit.project_no
CROSS JOIN feed
WHERE feed.has_benefit AND benefit.benefit_way_code IN ('3') AND benefit.benefit_yuan IS NOT NULL
UNION ALL
SELECT
  checked.project_no,
  'to_registered_yuan' AS figure,
  benefit.household_id AS household_id,
  benefit.person_key AS person_key,
  '受益 ' || benefit.project_no || ' ' || CAST(benefit.benefit_date AS VARCHAR) AS record,
  benefit.benefit_yuan AS amount
FROM core.project_benefit AS benefit
INNER JOIN core.project_check AS checked ON checked.project_no = benefit.project_no
CROSS JOIN feed
WHERE feed.has_benefit AND benefit.benefit_way_code IN ('1', '3') AND benefit.benefit_yuan IS NOT NULL AND benefit.household_id IS NOT NULL
