-- 就学支出: one row per student beyond compulsory schooling and term. Schools of the county report what they charge; students elsewhere what they say they spend.
WITH student AS (
  SELECT *, CASE WHEN is_pupil THEN CASE WHEN u(pno, 'vocational') < 350000 THEN '5' ELSE '4' END ELSE '8' END AS stage, unnest(['2018-1', '2018-2']) AS term
  FROM person WHERE NOT is_dead AND (is_pupil AND age BETWEEN 16 AND 18 OR age BETWEEN 19 AND 22 AND NOT is_registered AND NOT is_omitted AND u(pno, 'employed') >= 550000 AND u(pno, 'college') < 400000)
), charged AS (
  SELECT *, CASE stage WHEN '4' THEN 80000 WHEN '5' THEN 120000 ELSE 230000 + CASE WHEN is_changed(pno, 'study') THEN 1000 ELSE 0 END END AS tuition, CASE WHEN u(pno, 'boarding') < 400000 OR stage = '8' THEN 40000 ELSE 0 END AS boarding,
    CASE stage WHEN '8' THEN 20000 ELSE 30000 END AS material, 50000 + 10000 * dice(pno, 'living', 12) AS living FROM student
)
SELECT pno, name, citizen_id, stage AS stage_code, CASE stage WHEN '5' THEN '北镇市职业教育中心' WHEN '4' THEN '北镇市第一高级中学' ELSE '辽宁省某高等专科学校' END AS school, term AS term_code,
  CASE stage WHEN '8' THEN '2' ELSE '1' END AS expense_source_code, yuan(tuition) AS tuition_yuan, yuan(boarding) AS boarding_fee_yuan, yuan(material) AS material_fee_yuan, yuan(living) AS living_expense_yuan,
  yuan(tuition + boarding + material + living) AS expense_total_yuan, data_date, is_spare
FROM charged ORDER BY pno, term
