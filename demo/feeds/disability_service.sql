-- 残疾人服务: all disabled people of poor households and five in six of the others were served this year, every eighth by a change to the house.
SELECT pno, name, citizen_id, CAST(NULL AS VARCHAR) AS disability_cert_no, '2019' AS year, kind AS service_code,
  CASE kind WHEN '1' THEN '康复训练' WHEN '2' THEN '轮椅' ELSE '坡道、扶手' END AS service_item, '北镇市残疾人康复中心' AS provider, CAST(served AS VARCHAR) AS service_date, CAST(served + 20 AS VARCHAR) AS accepted_date,
  '1' AS acceptance_code, yuan(CASE kind WHEN '1' THEN 120000 WHEN '2' THEN 80000 ELSE 350000 END) AS service_cost_yuan, data_date, FALSE AS is_spare
FROM (SELECT *, CASE WHEN u(pno, 'service kind') < 600000 THEN '1' WHEN u(pno, 'service kind') < 875000 THEN '2' ELSE '3' END AS kind, DATE '2019-01-20' + CAST(dice(pno, 'served', 120) AS INTEGER) AS served
  FROM person WHERE is_disabled AND NOT is_dead AND age >= 2 AND (is_poor OR u(pno, 'service') < 830000))
