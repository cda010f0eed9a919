-- explain.finance
-- 每家银行、每个乡镇、每个月的贷款、逾期、疑点、贴息、代偿各是哪些借据、哪些户、哪几笔。
-- Inputs: core.loan_month, core.loan, core.interest_period, core.loan_repayment_now, ops.rule_hit, ops.rule_run, ref.feed_state, ref.run.
-- Limits: 口径同 mart.finance。
-- Derived: balance_per_household_yuan = area_balance_yuan ÷ borrower_household_count; overdue_rate = overdue_yuan ÷ area_balance_yuan; subsidy_difference_yuan = subsidy_paid_yuan − subsidy_due_yuan
WITH feed AS (
  SELECT
    coalesce(bool_or(feed = 'interest_subsidy'), FALSE) AS has_subsidy,
    coalesce(bool_or(feed = 'loan_repayment'), FALSE) AS has_repayment
  FROM ref.feed_state
  WHERE is_present AND NOT is_stale
),
judged AS (
  SELECT
    coalesce(bool_or(rule_id = 'L04'), FALSE) AS has_company_rule,
    coalesce(bool_or(rule_id = 'L07'), FALSE) AS has_debt_rule
  FROM ops.rule_run
  WHERE missing_feeds IS NULL AND unset_parameters IS NULL
),
hit AS (
  SELECT rule_id, subject FROM ops.rule_hit WHERE rule_id IN ('L04', 'L07') AND verdict = '命中'
),
note AS (
  SELECT report_month, bank, town_code, loan_no, person_key, household_id, balance_yuan, is_overdue, overdue_yuan, is_extended, is_enterprise_linked
  FROM core.loan_month
  WHERE product_code = '1'
),
period AS (
  SELECT
    CAST(date_trunc('month', payout_date) AS DATE) AS report_month,
    coalesce(bank, '不详') AS bank,
    coalesce(substr(village_code, 1, 9), '不详') AS town_code,
    household_id, person_key, subsidy_batch || '/' || loan_no || '/' || CAST(accrual_from_date AS VARCHAR) AS record, paid_subsidy_yuan, due_subsidy_yuan
  FROM core.interest_period
  WHERE payout_date IS NOT NULL
),
-- A month with a subsidy that cannot be worked out has no sum of what was due.
unknown AS (
  SELECT report_month, bank, town_code
  FROM period
  WHERE due_subsidy_yuan IS NULL
  GROUP BY report_month, bank, town_code
),
compensated AS (
  SELECT
    CAST(date_trunc('month', repayment.repaid_date) AS DATE) AS report_month,
    coalesce(loan.bank, repayment.bank, '不详') AS bank,
    coalesce(substr(loan.village_code, 1, 9), '不详') AS town_code,
    loan.household_id, repayment.person_key, repayment.repayment_no,
    CAST(
      coalesce(repayment.repaid_total_yuan, coalesce(repayment.principal_yuan, 0) + coalesce(repayment.interest_yuan, 0)) AS DECIMAL(18, 2)
    ) AS compensated_yuan
  FROM core.loan_repayment_now AS repayment
  LEFT JOIN core.loan AS loan ON loan.loan_no = repayment.loan_no
  WHERE repayment.repayment_kind_code = '4'
)
SELECT
  note.report_month,
  note.bank,
  note.town_code,
  'borrower_household_count' AS figure,
  note.household_id AS household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM note
WHERE note.household_id IS NOT NULL
GROUP BY note.report_month, note.bank, note.town_code, note.household_id
UNION ALL
SELECT
  note.report_month,
  note.bank,
  note.town_code,
  'note_count' AS figure,
  note.household_id AS household_id,
  note.person_key AS person_key,
  '借据 ' || note.loan_no AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM note
UNION ALL
SELECT
  note.report_month,
  note.bank,
  note.town_code,
  'area_balance_yuan' AS figure,
  note.household_id AS household_id,
  note.person_key AS person_key,
  '借据 ' || note.loan_no AS record,
  CAST(note.balance_yuan AS DECIMAL(18, 2)) AS amount
FROM note
UNION ALL
SELECT
  note.report_month,
  note.bank,
  note.town_code,
  'overdue_note_count' AS figure,
  note.household_id AS household_id,
  note.person_key AS person_key,
  '借据 ' || note.loan_no AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM note
WHERE note.is_overdue
UNION ALL
SELECT
  note.report_month,
  note.bank,
  note.town_code,
  'overdue_yuan' AS figure,
  note.household_id AS household_id,
  note.person_key AS person_key,
  '借据 ' || note.loan_no AS record,
  note.overdue_yuan AS amount
FROM note
WHERE note.is_overdue
UNION ALL
SELECT
  note.report_month,
  note.bank,
  note.town_code,
  'extended_note_count' AS figure,
  note.household_id AS household_id,
  note.person_key AS person_key,
  '借据 ' || note.loan_no AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM note
WHERE note.is_extended
UNION ALL
SELECT
  note.report_month,
  note.bank,
  note.town_code,
  'enterprise_note_count' AS figure,
  note.household_id AS household_id,
  note.person_key AS person_key,
  '借据 ' || note.loan_no AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM note
WHERE note.is_enterprise_linked
UNION ALL
SELECT
  note.report_month,
  note.bank,
  note.town_code,
  'enterprise_household_count' AS figure,
  note.household_id AS household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM note
WHERE note.is_enterprise_linked AND note.household_id IS NOT NULL
GROUP BY note.report_month, note.bank, note.town_code, note.household_id
UNION ALL
SELECT
  note.report_month,
  note.bank,
  note.town_code,
  'company_note_count' AS figure,
  note.household_id AS household_id,
  note.person_key AS person_key,
  '借据 ' || note.loan_no AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM note
CROSS JOIN ref.run AS run
CROSS JOIN judged
INNER JOIN hit ON hit.subject = note.loan_no
WHERE hit.rule_id = 'L04' AND judged.has_company_rule AND note.report_month = date_trunc('month', run.as_of)
UNION ALL
SELECT
  note.report_month,
  note.bank,
  note.town_code,
  'over_indebted_household_count' AS figure,
  note.household_id AS household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM note
CROSS JOIN ref.run AS run
CROSS JOIN judged
INNER JOIN hit ON hit.subject = note.household_id
WHERE hit.rule_id = 'L07' AND judged.has_debt_rule AND note.report_month = date_trunc('month', run.as_of)
GROUP BY note.report_month, note.bank, note.town_code, note.household_id
UNION ALL
SELECT
  period.report_month,
  period.bank,
  period.town_code,
  'subsidy_due_yuan' AS figure,
  period.household_id AS household_id,
  period.person_key AS person_key,
  period.record AS record,
  period.due_subsidy_yuan AS amount
FROM period
CROSS JOIN feed
LEFT JOIN unknown
  ON unknown.report_month = period.report_month AND unknown.bank = period.bank AND unknown.town_code = period.town_code
WHERE feed.has_subsidy AND unknown.bank IS NULL
UNION ALL
SELECT
  period.report_month,
  period.bank,
  period.town_code,
  'subsidy_paid_yuan' AS figure,
  period.household_id AS household_id,
  period.person_key AS person_key,
  period.record AS record,
  period.paid_subsidy_yuan AS amount
FROM period
CROSS JOIN feed
WHERE feed.has_subsidy
UNION ALL
SELECT
  compensated.report_month,
  compensated.bank,
  compensated.town_code,
  'compensated_yuan' AS figure,
  compensated.household_id AS household_id,
  compensated.person_key AS person_key,
  compensated.repayment_no AS record,
  compensated.compensated_yuan AS amount
FROM compensated
CROSS JOIN feed
WHERE feed.has_repayment
