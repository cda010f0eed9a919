-- 特困供养: one row per supported person; a tenth live in the home for the aged.
SELECT pno, 'TK' || digits(pno, 9) AS hardship_no, name, citizen_id, '1' AS rural_urban_code, CASE WHEN lives_in_home THEN '2' ELSE '1' END AS support_code,
  CASE WHEN is_disabled AND disability_level = 1 THEN '3' WHEN age >= 80 THEN '2' ELSE '1' END AS self_care_code,
  CASE WHEN is_disabled AND disability_level = 1 THEN '300.00' WHEN age >= 80 THEN '150.00' ELSE '0.00' END AS care_standard_yuan,
  yuan(CASE WHEN lives_in_home THEN 75000 ELSE 50000 END + CASE WHEN is_changed(pno, 'hardship') THEN 1000 ELSE 0 END) AS monthly_support_yuan,
  CASE WHEN lives_in_home THEN '北镇市' || town_name || '中心敬老院' END AS institution, CAST(NULL AS VARCHAR) AS caretaker_name,
  CAST(greatest(2016, year(birth_date) + 1) AS VARCHAR) || '-' || digits(1 + dice(pno, 'supported month', 5), 2) AS benefit_start_month, CAST(NULL AS VARCHAR) AS benefit_stop_month, CAST(NULL AS VARCHAR) AS stop_reason,
  '北镇市农村商业银行' || town_name || '支行' AS bank_name, '2199' || digits(hno, 9) || digits(dice(hno, 'account', 10000), 4) AS bank_account, name AS account_name, village_code, data_date, FALSE AS is_spare
FROM (SELECT *, age >= 60 AND u(pno, 'home') < 100000 AS lives_in_home FROM person WHERE is_hardship)
