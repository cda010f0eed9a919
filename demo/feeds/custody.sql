-- 服刑人员: a few grown-up people of households that are not registered; half of them live at home under supervision.
SELECT pno, name, citizen_id, CASE WHEN u(pno, 'custody kind') < 400000 THEN '1' WHEN u(pno, 'custody kind') < 500000 THEN '2' ELSE '3' END AS custody_code,
  CAST(taken AS VARCHAR) AS custody_start_date, CAST(taken + CAST(1200 + dice(pno, 'term', 1500) AS INTEGER) AS VARCHAR) AS custody_end_date, village_code, data_date, is_spare
FROM (SELECT *, DATE '2017-01-10' + CAST(dice(pno, 'taken', 850) AS INTEGER) AS taken FROM person
  WHERE NOT is_registered AND NOT is_omitted AND NOT is_dead AND age BETWEEN 25 AND 60 AND u(pno, 'custody') < CASE WHEN is_male THEN 2500 ELSE 200 END)
