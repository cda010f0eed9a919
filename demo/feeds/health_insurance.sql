-- 医保参保: one row per insured person, for the year of the data.
SELECT pno, '2019' AS year, name, citizen_id, CASE WHEN is_employee THEN '2' ELSE '1' END AS insurance_code, '1' AS status_code,
  CASE WHEN is_employee THEN '2019-01-15' ELSE CAST(DATE '2018-09-01' + CAST(dice(pno, 'paid', 150) AS INTEGER) AS VARCHAR) END AS paid_date,
  CASE WHEN is_employee THEN yuan(80000 + dice(pno, 'premium', 60000)) WHEN is_registered OR is_omitted OR is_disabled AND disability_level < 3 THEN '0.00' ELSE '220.00' END AS personal_paid_yuan,
  CASE WHEN NOT is_employee AND (is_registered OR is_omitted OR is_disabled AND disability_level < 3) THEN '220.00' ELSE '0.00' END AS subsidy_yuan,
  CASE WHEN is_registered THEN '1' WHEN is_omitted THEN '2' WHEN is_disabled AND disability_level < 3 THEN '4' ELSE '9' END AS category_code,
  CASE WHEN is_changed(pno, 'insured') THEN '锦州市' ELSE '北镇市' END AS place, data_date, is_spare
FROM (SELECT *, NOT is_registered AND NOT is_omitted AND age BETWEEN 22 AND 60 AND u(pno, 'employee') < 150000 AS is_employee FROM person)
WHERE CASE WHEN is_registered THEN NOT is_uninsured ELSE NOT is_dead AND (is_omitted OR u(pno, 'insured') < 945000) END
