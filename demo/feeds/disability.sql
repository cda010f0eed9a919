-- 残疾人: one row per certificate. An eighth were issued again: the old certificate is cancelled, the new one ends in B1 (22 characters).
WITH certificate AS (
  SELECT *, citizen_id || CAST(1 + dice(pno, 'category', 7) AS VARCHAR) || CAST(disability_level AS VARCHAR) AS number, u(pno, 'issued again') < 125000 AS is_twice,
    greatest(DATE '2010-01-15' + CAST(dice(pno, 'certified', 2400) AS INTEGER), birth_date + 30) AS certified
  FROM person WHERE is_disabled AND NOT is_dead AND age >= 2
), issued AS (
  SELECT *, is_twice AND issue = 1 AS is_cancelled, certified + CASE WHEN issue = 2 THEN 900 ELSE 0 END AS issued
  FROM (SELECT *, unnest(range(1, CASE WHEN is_twice THEN 3 ELSE 2 END)) AS issue FROM certificate)
)
SELECT pno, name, citizen_id, number || CASE WHEN issue = 2 THEN 'B1' ELSE '' END AS disability_cert_no, substr(number, 19, 1) AS disability_category_code,
  right(number, 1) AS disability_grade_code, CASE WHEN substr(number, 19, 1) = '7' THEN '视力、肢体' END AS disability_detail, CAST(issued AS VARCHAR) AS certified_date,
  CAST(CAST(issued + to_years(10) AS DATE) AS VARCHAR) AS certificate_expiry_date, CASE WHEN is_cancelled THEN '3' ELSE '1' END AS status_code,
  CASE WHEN age < 18 THEN (SELECT h.name FROM person h WHERE h.hno = issued.hno AND h.k = 1) END AS guardian_name,
  CASE WHEN is_minimum_living AND NOT is_hardship AND NOT is_cancelled THEN CASE WHEN is_changed(pno, 'subsidy') THEN '85.00' ELSE '80.00' END END AS living_subsidy_yuan,
  CASE WHEN is_minimum_living AND NOT is_hardship AND NOT is_cancelled THEN '2018-01' END AS living_subsidy_start_month, CAST(NULL AS VARCHAR) AS living_subsidy_end_month,
  CASE WHEN disability_level < 3 AND NOT is_hardship AND NOT is_cancelled THEN '80.00' END AS nursing_subsidy_yuan,
  CASE WHEN disability_level < 3 AND NOT is_hardship AND NOT is_cancelled THEN '2018-01' END AS nursing_subsidy_start_month, CAST(NULL AS VARCHAR) AS nursing_subsidy_end_month, data_date,
  NOT is_omitted AND hno NOT IN (SELECT hno FROM marked) AS is_spare
FROM issued ORDER BY pno, issue
