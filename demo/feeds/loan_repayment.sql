-- 贷款还款流水: up to three instalments a loan note that the bank's loans show as repaid, and the one of the last month. A row in twenty names
-- nobody: only the note tells whose it is.
WITH paid AS (
  SELECT pno, loan_no, bank, CAST(replace(amount_yuan, '.', '') AS BIGINT) AS amount, CAST(replace(balance_yuan, '.', '') AS BIGINT) AS balance, CAST(issued_date AS DATE) AS issued
  FROM noted_loan
), instalment AS (
  SELECT *, unnest(range(1, least((amount - balance) // 100000, 3) + 1)) AS turn, 100000 AS principal FROM paid
  UNION ALL SELECT *, 4, (amount - balance) % 100000 FROM paid WHERE (amount - balance) % 100000 > 0
), booked AS (
  SELECT *, 1000 + dice(loan_no, 'interest', 3000) AS interest, u(loan_no || CAST(turn AS VARCHAR), 'nameless') < 50000 AS is_nameless FROM instalment
)
SELECT pno, 'HK' || substr(loan_no, 3) || digits(turn, 2) AS repayment_no, loan_no, bank, CASE WHEN NOT is_nameless THEN name END AS name, citizen_id,
  CASE WHEN turn = 4 THEN CAST(getvariable('base') + 10 AS VARCHAR) ELSE CAST(least(CAST(issued + CAST(200 * turn AS INTEGER) AS DATE), getvariable('base')) AS VARCHAR) END AS repaid_date,
  '1' AS repayment_kind_code, yuan(principal) AS principal_yuan, yuan(interest) AS interest_yuan, '0.00' AS penalty_yuan, yuan(principal + interest) AS repaid_total_yuan,
  yuan(CASE WHEN turn = 4 THEN balance ELSE amount - 100000 * turn END) AS balance_after_yuan, CASE WHEN NOT is_nameless THEN name END AS account_name,
  CASE WHEN NOT is_nameless THEN '2199' || digits(hno, 9) || digits(dice(hno, 'account', 10000), 4) END AS bank_account,
  hno NOT IN (SELECT hno FROM marked) AS is_spare
FROM booked JOIN (SELECT pno, hno, name, citizen_id FROM person) USING (pno) ORDER BY loan_no, turn
