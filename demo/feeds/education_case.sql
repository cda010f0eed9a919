-- 控辍保学台账: some of the children who dropped out, those who came back to school, and disabled pupils with a plan of their own.
WITH noted AS (
  SELECT *, is_dropout AS is_out, is_disabled AND u(pno, 'plan') < 500000 AS has_own_plan
  FROM person
  WHERE age BETWEEN 6 AND 15 AND NOT is_dead AND (is_dropout AND u(pno, 'noted') < 600000 OR NOT is_dropout AND (u(pno, 'came back') < 4000 OR is_disabled AND u(pno, 'plan') < 500000))
)
SELECT pno, 'KC2019' || digits(pno, 9) AS case_no, name, citizen_id, CAST(birth_date AS VARCHAR) AS birth_date, village_code,
  (SELECT h.name FROM person h WHERE h.hno = noted.hno AND h.k = 1) AS guardian_name,
  CASE WHEN is_out THEN '5' WHEN has_own_plan THEN '9' ELSE '6' END AS case_kind_code,
  CASE WHEN has_own_plan THEN '残疾人证' END AS proof, CASE WHEN has_own_plan THEN '2018-09-10' END AS proof_date, CAST(NULL AS VARCHAR) AS proof_expiry_date,
  CASE WHEN is_out THEN CAST(DATE '2019-03-04' + CAST(dice(pno, 'left school', 60) AS INTEGER) AS VARCHAR) END AS absent_from_date,
  yes_no(is_out OR has_own_plan) AS has_plan, CASE WHEN is_out THEN '2019-05-20' WHEN has_own_plan THEN '2018-09-20' END AS plan_date,
  CASE WHEN is_out THEN '乡镇干部、教师上门劝返' WHEN has_own_plan THEN '随班就读' || CASE WHEN is_changed(pno, 'plan') THEN '，每月走访' ELSE '' END END AS plan_content, data_date,
  hno NOT IN (SELECT hno FROM marked) AS is_spare
FROM noted ORDER BY pno
