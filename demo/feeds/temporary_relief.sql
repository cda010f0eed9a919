-- 临时救助: one row per relief of the last twelve months, four in a thousand households.
SELECT pno, 'LJ2019' || digits(hno, 9) AS relief_no, name, citizen_id, village_code, CASE WHEN u(hno, 'relief reason') < 700000 THEN '因病' ELSE '意外事故' END AS relief_reason, '1' AS relief_kind_code,
  yuan(50000 + 10000 * dice(hno, 'relief', 25)) AS relief_yuan, CAST(granted AS VARCHAR) AS approved_date, CAST(granted + 5 AS VARCHAR) AS relief_date,
  '2199' || digits(hno, 9) || digits(dice(hno, 'account', 10000), 4) AS bank_account, name AS account_name, is_spare
FROM (SELECT *, getvariable('base') - CAST(10 + dice(hno, 'relieved', 340) AS INTEGER) AS granted FROM person WHERE k = 1 AND NOT is_dead AND age >= 18 AND u(hno, 'relief given') < 4000)
