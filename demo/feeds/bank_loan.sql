-- 扶贫贷款: one row per loan note, to the head of a household or, as its second loan, to the spouse. Households were registered before they borrowed, the
-- term and the age are what the policy allows, and but for second loans nobody owes more than twice a year's income (as the registry's file draws it).
WITH loan AS (
  SELECT *, hno * 10 + k AS lno, DATE '2017-08-01' + CAST(dice(hno * 10 + k, 'issued', 300) AS INTEGER) AS issued,
    CASE WHEN has_second_loan THEN 3000000 + 500000 * dice(hno * 10 + k, 'amount', 4) ELSE least(500000 * (2 + dice(hno * 10 + k, 'amount', 9)),
      2 * size * CASE WHEN is_poor THEN 210000 + dice(hno, 'income', 150000) ELSE 450000 + dice(hno, 'income', 1100000) END * 9 // 10 // 100000 * 100000) END AS amount
  FROM person WHERE (k = 1 AND (has_loan OR has_second_loan) OR k = 2 AND has_second_loan) AND age BETWEEN 21 AND 65 AND NOT is_dead
), dated AS (
  SELECT *, CASE WHEN is_overdue THEN DATE '2019-01-10' + CAST(dice(lno, 'due', 140) AS INTEGER) ELSE CAST(issued + to_months(36) AS DATE) END AS due,
    CASE WHEN is_overdue THEN greatest(amount - 100000 * dice(lno, 'repaid', 5), 100000) WHEN NOT is_registered AND u(lno, 'settled') < 150000 THEN 0 ELSE greatest(amount - 100000 * dice(lno, 'repaid', 8), 100000)
      - CASE WHEN is_changed(lno, 'loan') THEN 10000 ELSE 0 END END AS balance
  FROM loan
)
SELECT pno, 'JJ' || digits(lno, 10) AS loan_no, 'HT' || digits(lno, 10) AS contract_no, '北镇市农村商业银行' || town_name || '支行' AS bank, name, citizen_id, household_id,
  CASE WHEN is_registered THEN '1' ELSE '2' END AS product_code, yuan(amount) AS amount_yuan, yuan(balance) AS balance_yuan, CAST(issued AS VARCHAR) AS issued_date, CAST(due AS VARCHAR) AS due_date,
  CASE WHEN u(lno, 'rate') < 600000 OR due <= issued + to_months(12) THEN '0.0435' ELSE '0.0475' END AS annual_rate, CASE WHEN is_registered THEN '1' ELSE '2' END AS guarantee_code,
  CASE dice(lno, 'purpose', 4) WHEN 0 THEN '种植' WHEN 1 THEN '养殖' WHEN 2 THEN '农产品加工' ELSE '设施农业' END AS purpose,
  CASE WHEN is_company_loan THEN '北镇市' || char_of('丰润泰鑫盛源', lno, 'company') || char_of('农禾果牧林', lno, 'company 2') || '农业有限公司' ELSE name END AS payee,
  yes_no(FALSE) AS is_extended, CASE WHEN is_overdue THEN '3' ELSE '1' END AS class_code,
  CASE WHEN is_overdue THEN CAST(due + 1 AS VARCHAR) END AS overdue_from_date, CASE WHEN is_overdue THEN yuan(balance) ELSE '0.00' END AS overdue_principal_yuan,
  CASE WHEN is_registered THEN yuan(amount * 435 // 10000 * CAST(greatest(least(date_diff('month', issued, getvariable('base')), 36), 0) AS BIGINT) // 12) ELSE '0.00' END AS subsidy_yuan,
  CASE WHEN balance = 0 THEN CAST(issued + 400 AS VARCHAR) END AS settled_date,
  CAST(NULL AS VARCHAR) AS extension_count, CAST(NULL AS VARCHAR) AS original_loan_no, CAST(NULL AS VARCHAR) AS enterprise, CAST(NULL AS VARCHAR) AS enterprise_code, CAST(NULL AS VARCHAR) AS enterprise_poor_household_count, CAST(NULL AS VARCHAR) AS dividend_yuan, data_date,
  NOT is_omitted AND hno NOT IN (SELECT hno FROM marked) AS is_spare
FROM dated
