-- 贷款贴息: the interest of a registered household's loan note for each of the last three quarters that were paid, to the day before it is overdue.
WITH quarter AS (
  SELECT * FROM (VALUES ('TX2018Q3', '2018年第三季度', DATE '2018-07-01', DATE '2018-09-30'), ('TX2018Q4', '2018年第四季度', DATE '2018-10-01', DATE '2018-12-31'), ('TX2019Q1', '2019年第一季度', DATE '2019-01-01', DATE '2019-03-31')) AS q(batch, label, first_day, last_day)
), period AS (
  SELECT l.*, q.*, CASE WHEN l.overdue_from_date IS NULL THEN last_day ELSE least(last_day, CAST(l.due_date AS DATE)) END AS end_day
  FROM c_bank_loan l CROSS JOIN quarter q WHERE l.product_code = '1' AND CAST(l.issued_date AS DATE) <= first_day
), counted AS (
  SELECT *, date_diff('day', first_day, end_day) + 1 AS days FROM period WHERE end_day >= first_day
), due AS (
  SELECT *, (CAST(replace(amount_yuan, '.', '') AS BIGINT) * CAST(substr(annual_rate, 3) AS BIGINT) * days + 1800000) // 3600000 AS cents FROM counted
)
SELECT pno, batch AS subsidy_batch, label AS quarter, person.name, person.citizen_id, loan_no, bank, amount_yuan, CAST(first_day AS VARCHAR) AS accrual_from_date, CAST(end_day AS VARCHAR) AS accrual_to_date, CAST(days AS VARCHAR) AS accrual_days,
  annual_rate, yuan(cents) AS due_subsidy_yuan, yuan(cents) AS paid_subsidy_yuan, '2199' || digits(hno, 9) || digits(dice(hno, 'account', 10000), 4) AS bank_account, person.name AS account_name, CAST(last_day + 12 AS VARCHAR) AS payout_date,
  hno NOT IN (SELECT hno FROM marked) AS is_spare
FROM due JOIN person USING (pno) ORDER BY batch, loan_no
