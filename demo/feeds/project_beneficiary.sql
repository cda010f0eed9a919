-- 项目受益户: one row per head and project.
SELECT pno, project_no, CAST(NULL AS VARCHAR) AS project_name, household_id, name, citizen_id, way AS benefit_way_code, CASE WHEN amount > 0 THEN yuan(amount) END AS benefit_yuan, CASE WHEN way = '2' THEN CAST(20 + dice(hno, 'goods', 30) AS VARCHAR) END AS benefit_quantity,
  CASE WHEN way = '2' THEN '只' END AS quantity_unit, CAST(day AS VARCHAR) AS benefit_date, getvariable('as_of') AS data_date, hno NOT IN (SELECT hno FROM marked) AS is_spare
FROM project_list() ORDER BY project_no, pno
