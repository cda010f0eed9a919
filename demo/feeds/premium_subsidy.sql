-- 政府代缴保费: one row per person for whom the government paid this year, as the insurer's own list says.
SELECT pno, name, citizen_id, '2107' || digits(pno, 9) AS local_no, '2019' AS year, '1' AS insurance_code,
  CASE WHEN is_poor THEN '1' WHEN is_minimum_living AND NOT is_hardship THEN '2' WHEN is_hardship THEN '3' ELSE '4' END AS category_code, '100元档' AS grade,
  '100.00' AS government_paid_yuan, '0.00' AS personal_paid_yuan, '100.00' AS total_paid_yuan, '2019-04' AS paid_date, data_date, FALSE AS is_spare
FROM person WHERE is_premium_due AND NOT has_pension_gap
