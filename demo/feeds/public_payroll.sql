-- 财政供养人员: one row per person on the public payroll: a quarter of the employees, teachers and officials, and as many again who have retired. Nobody in a registered
-- household: that would be a situation.
SELECT pno, name, citizen_id,
  CASE WHEN u(pno, 'unit') < 400000 THEN '北镇市' || town_name || '中心小学' WHEN u(pno, 'unit') < 700000 THEN '北镇市' || town_name || '人民政府' ELSE '北镇市人民医院' END AS employer,
  CASE WHEN u(pno, 'unit') < 400000 THEN '2' WHEN u(pno, 'unit') < 600000 THEN '1' WHEN u(pno, 'unit') < 700000 THEN '5' ELSE '2' END AS establishment_code,
  CASE WHEN age >= 60 THEN '2' WHEN u(pno, 'unit left') < 20000 THEN '3' ELSE '1' END AS status_code,
  CASE WHEN age < 60 AND u(pno, 'unit left') < 20000 THEN '0.00' ELSE yuan(250000 + dice(pno, 'unit wage', 400000) + CASE WHEN is_changed(pno, 'payroll') THEN 5000 ELSE 0 END) END AS monthly_wage_yuan, data_date, is_spare
FROM person WHERE NOT is_registered AND NOT is_omitted AND NOT is_dead AND NOT is_premium_due AND NOT is_minimum_living AND age BETWEEN 22 AND 75
  AND u(pno, 'employee') < 150000 AND u(pno, 'payroll') < 250000
