-- core.loan
-- 扶贫贷款：每张借据现在的状况，归到哪一户、在哪个村，是否未结清、是否逾期，借款人放款时多大。
-- Grain: one row per loan note (loan_no).
-- Scope: person_key
-- 政策依据: 银监发〔2017〕42号；北委发〔2019〕5号 三(二)2、四(七)。
-- Inputs: core.bank_loan_now, core.member, core.registry_household_now, ref.feed_state, ref.run.
-- Limits: 借款人在册的归其所在建档户，不在册的按借据上的户编号归户（户编号要查得到）。是否逾期只能以银行数据的日期为准：银行数据日期以后到期的
--   不算逾期。逾期金额：已到期的为全部余额，未到期而有逾期起日的为逾期本金，逾期本金空缺时为余额。term_months 不足一月的按一月计。
-- Tie-breaks: none; the bank's key is the loan note.
WITH told AS (
  SELECT run.as_of, least(run.as_of, coalesce(feed_state.last_as_of, run.as_of)) AS loan_as_of
  FROM ref.run
  CROSS JOIN ref.feed_state
  WHERE feed_state.feed = 'bank_loan'
),
placed AS (
  SELECT
    loan.loan_no, loan.bank, loan.name, loan.product_code, loan.person_key, loan.household_id AS stated_household_id, loan.amount_yuan, loan.balance_yuan,
    loan.issued_date, loan.due_date, loan.annual_rate, loan.purpose, loan.payee, loan.is_extended, loan.extension_count, loan.original_loan_no, loan.class_code,
    loan.overdue_from_date, loan.overdue_principal_yuan, loan.settled_date, loan.enterprise, loan.enterprise_code, loan.enterprise_poor_household_count,
    loan.dividend_yuan,
    member.household_id AS own_household_id, member.hukou_no, member.village_code, member.birth_date, member.is_registered, member.has_registered_kin
  FROM core.bank_loan_now AS loan
  LEFT JOIN core.member AS member ON member.person_key = loan.person_key
)
SELECT
  placed.loan_no, placed.bank, placed.name, placed.product_code, placed.person_key, placed.stated_household_id, placed.amount_yuan, placed.balance_yuan,
  placed.issued_date, placed.due_date, placed.annual_rate, placed.purpose, placed.payee, placed.is_extended, placed.extension_count, placed.original_loan_no,
  placed.class_code, placed.overdue_from_date, placed.settled_date, placed.enterprise, placed.enterprise_code, placed.enterprise_poor_household_count,
  placed.dividend_yuan, placed.hukou_no,
  coalesce(placed.own_household_id, household.household_id) AS household_id,
  coalesce(placed.village_code, household.village_code) AS village_code,
  placed.is_registered,
  coalesce(placed.has_registered_kin, FALSE) AS has_registered_kin,
  placed.settled_date IS NULL AND placed.balance_yuan > 0 AS is_open,
  placed.settled_date IS NULL AND placed.balance_yuan > 0
  AND (placed.due_date < told.loan_as_of OR coalesce(placed.overdue_from_date <= told.loan_as_of, FALSE)) AS is_overdue,
  CAST(CASE
    WHEN placed.settled_date IS NOT NULL OR placed.balance_yuan <= 0 THEN 0
    WHEN placed.due_date < told.loan_as_of THEN placed.balance_yuan
    WHEN placed.overdue_from_date <= told.loan_as_of THEN coalesce(placed.overdue_principal_yuan, placed.balance_yuan)
    ELSE 0
  END AS DECIMAL(18, 2)) AS overdue_yuan,
  told.loan_as_of,
  (extract(YEAR FROM placed.due_date) - extract(YEAR FROM placed.issued_date)) * 12 + extract(MONTH FROM placed.due_date) - extract(MONTH FROM placed.issued_date)
  + CASE WHEN extract(DAY FROM placed.due_date) > extract(DAY FROM placed.issued_date) THEN 1 ELSE 0 END AS term_months,
  extract(YEAR FROM placed.issued_date) - extract(YEAR FROM placed.birth_date)
  - CASE
    WHEN extract(MONTH FROM placed.issued_date) * 100 + extract(DAY FROM placed.issued_date)
      < extract(MONTH FROM placed.birth_date) * 100 + extract(DAY FROM placed.birth_date) THEN 1
    ELSE 0
  END AS age_at_issue
FROM placed
CROSS JOIN told
LEFT JOIN core.registry_household_now AS household
  ON household.household_id = CASE WHEN placed.own_household_id IS NULL THEN placed.stated_household_id END
