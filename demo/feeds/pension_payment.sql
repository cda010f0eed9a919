-- 养老金发放: last month's pension of everybody who draws one.
SELECT pno, name, citizen_id, '2107' || digits(pno, 9) AS local_no, CASE WHEN is_employee THEN '2' ELSE '1' END AS insurance_code, '2019-05' AS benefit_month, '1' AS payment_kind_code,
  CASE WHEN is_employee THEN yuan(180000 + dice(pno, 'monthly', 200000)) ELSE yuan(10800 + dice(pno, 'monthly', 5000)) END AS amount_yuan, '2019-06-10' AS payout_date,
  '北镇市农村商业银行' || town_name || '支行' AS bank_name, '2199' || digits(hno, 9) || digits(dice(hno, 'account', 10000), 4) AS bank_account, name AS account_name, '1' AS payout_code,
  CAST(NULL AS VARCHAR) AS return_reason, CAST(NULL AS VARCHAR) AS death_date, is_spare
FROM (SELECT *, NOT is_registered AND NOT is_premium_due AND u(pno, 'employee') < 150000 AS is_employee FROM person)
WHERE age >= 60 AND NOT is_dead AND birth_date + to_years(60) < DATE '2019-05-01' AND (is_registered OR is_omitted OR u(pno, 'pensioner') < 800000)
