-- 就业培训: a course of last winter for some of the registered workers. The list is three months and a day old: the bureau is late.
SELECT pno, name, citizen_id, '贫困劳动力技能培训' AS training_project, char_of('焊电木缝厨', pno, 'trade') || '工' AS trade, '北镇市职业教育中心' AS training_institution,
  '2018-11-05' AS start_date, '2018-12-14' AS end_date, '120' AS training_hours, yes_no(u(pno, 'trained') < 20000) AS is_certified,
  CASE WHEN u(pno, 'trained') < 20000 THEN '职业资格证书' END AS certificate, CASE WHEN u(pno, 'trained') < 20000 THEN 'PX2018' || digits(pno, 8) END AS certificate_no,
  CASE WHEN u(pno, 'trained') < 20000 THEN '2018-12-28' END AS certified_date, '800.00' AS training_subsidy_yuan,
  CAST(CAST(CAST(data_date AS DATE) - INTERVAL 93 DAY AS DATE) AS VARCHAR) AS data_date, FALSE AS is_spare
FROM person WHERE is_registered AND NOT is_dead AND NOT is_pupil AND NOT is_disabled AND age BETWEEN 20 AND 50 AND u(pno, 'trained') < 60000
