-- 养老保险: one row per insured person, for the contribution year of the data.
SELECT pno, name, citizen_id, '2107' || digits(pno, 9) AS local_no, CASE WHEN is_employee THEN '2' ELSE '1' END AS insurance_code, CASE WHEN is_retired THEN '4' ELSE '1' END AS status_code,
  CAST(greatest(DATE '2012-01-01' + CAST(dice(pno, 'joined', 2400) AS INTEGER), CAST(birth_date + to_years(16) AS DATE)) AS VARCHAR) AS joined_date, '2019' AS year,
  CASE WHEN NOT is_retired AND NOT is_employee THEN CASE WHEN is_changed(pno, 'pension') THEN '200元档' ELSE '100元档' END END AS grade,
  CASE WHEN is_retired OR is_entitled OR is_omitted THEN '0.00' WHEN is_employee THEN yuan(400000 + dice(pno, 'pension', 400000) + CASE WHEN is_changed(pno, 'pension') THEN 5000 ELSE 0 END) ELSE '100.00' END AS personal_paid_yuan,
  CASE WHEN is_entitled AND NOT has_pension_gap THEN '100.00' ELSE '0.00' END AS government_paid_yuan,
  CASE WHEN NOT is_entitled OR has_pension_gap THEN '0' WHEN is_poor THEN '1' WHEN is_minimum_living AND NOT is_hardship THEN '2' WHEN is_hardship THEN '3' ELSE '4' END AS category_code,
  CASE WHEN is_retired THEN '1' ELSE '0' END AS receiving_code, CASE WHEN is_retired THEN month_text(birth_date + to_years(60)) END AS pension_start_month,
  CASE WHEN is_retired THEN CASE WHEN is_employee THEN yuan(180000 + dice(pno, 'monthly', 200000) + CASE WHEN is_changed(pno, 'pension') THEN 5000 ELSE 0 END) ELSE yuan(10800 + dice(pno, 'monthly', 5000) + CASE WHEN is_changed(pno, 'pension') THEN 500 ELSE 0 END) END ELSE '0.00' END AS monthly_pension_yuan, data_date, is_spare
FROM (SELECT *, age >= 60 AS is_retired, NOT is_registered AND NOT is_premium_due AND u(pno, 'employee') < 150000 AS is_employee,
    is_premium_due AS is_entitled FROM person)
WHERE age >= 16 AND NOT is_pupil AND NOT (is_dead AND NOT is_registered) AND (is_registered OR is_premium_due OR is_omitted OR u(pno, 'pensioner') < 800000)
