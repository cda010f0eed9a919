-- 养老金发放: the last twelve months' pensions of everybody who draws one, paid on the tenth of the next month; until the month of death.
WITH pensioner AS (
  SELECT *, NOT is_registered AND NOT is_omitted AND u(pno, 'employee') < 150000 AS is_employee,
    CASE WHEN is_dead THEN getvariable('base') - CAST(40 + dice(pno, 'death', 300) AS INTEGER) ELSE DATE '9999-12-31' END AS died
  FROM person WHERE age >= 60 AND (is_registered OR NOT is_dead AND (is_omitted OR u(pno, 'pensioner') < 800000))
), monthly AS (
  SELECT *, CAST(unnest(generate_series(DATE '2018-06-01', DATE '2019-05-01', INTERVAL 1 MONTH)) AS DATE) AS month FROM pensioner
)
SELECT pno, name, citizen_id, '2107' || digits(pno, 9) AS local_no, CASE WHEN is_employee THEN '2' ELSE '1' END AS insurance_code, month_text(month) AS benefit_month, '1' AS payment_kind_code,
  yuan(CASE WHEN is_employee THEN 180000 + dice(pno, 'monthly', 200000) ELSE 10800 + dice(pno, 'monthly', 5000) END) AS amount_yuan,
  CAST(CAST(month + INTERVAL 1 MONTH AS DATE) + CASE WHEN is_changed(pno, 'pension paid') THEN 10 ELSE 9 END AS VARCHAR) AS payout_date,
  '北镇市农村商业银行' || town_name || '支行' AS bank_name, '2199' || digits(hno, 9) || digits(dice(hno, 'account', 10000), 4) AS bank_account, name AS account_name, '1' AS payout_code,
  CAST(NULL AS VARCHAR) AS return_reason, CAST(NULL AS VARCHAR) AS death_date, is_spare AND NOT is_dead AS is_spare
FROM monthly WHERE month > birth_date + to_years(60) AND month <= died ORDER BY pno, month
