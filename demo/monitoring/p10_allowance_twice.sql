-- P10 两处低保: two certificates at once, or the allowance of the towns and the registry of the villages; beside them a second one that has ended, and townspeople who are not registered.
INSERT INTO planted
SELECT 'P10', CASE WHEN place <= wanted(2) THEN 'two certificates' ELSE 'the second has ended' END, CASE WHEN place <= wanted(2) THEN '命中' ELSE '未命中' END, NULL, hno, pno FROM (
  SELECT hno, pno, row_number() OVER (ORDER BY draw) AS place FROM free JOIN (SELECT hno, pno, is_hardship, is_disabled, is_minimum_living AS is_allowed FROM person WHERE k = 1) USING (hno) WHERE class = 'exited' AND is_allowed AND NOT is_hardship AND NOT is_disabled
) WHERE place <= 2 * wanted(2);
INSERT INTO planted
SELECT 'P10', CASE class WHEN 'exited' THEN 'allowance of the towns' ELSE 'allowance of the towns, not registered' END, CASE class WHEN 'exited' THEN '命中' ELSE '未命中' END, NULL, hno, pno FROM (
  SELECT class, hno, pno, row_number() OVER (PARTITION BY class ORDER BY draw) AS place FROM free JOIN (SELECT hno, pno, age, is_hardship, is_disabled FROM person WHERE k = 1) USING (hno)
  WHERE class IN ('exited', 'other') AND NOT is_minimum_living AND NOT is_hardship AND NOT is_disabled AND age BETWEEN 61 AND 80
) WHERE place <= wanted(3);
INSERT INTO c_subsistence_allowance BY NAME
SELECT pno, 'DB8' || digits(hno, 8) AS allowance_no, name AS head_name, citizen_id AS head_citizen_id, name, citizen_id, '02' AS relation_code, CASE WHEN variant LIKE '%towns%' THEN '2' ELSE '1' END AS rural_urban_code, '2' AS coverage_code, '1' AS covered_count, 'B' AS allowance_class_code,
  '350.00' AS monthly_income_per_head_yuan, '180.00' AS monthly_allowance_yuan, '2017-05' AS benefit_start_month, CASE WHEN variant LIKE '%ended' THEN '2019-06' END AS benefit_stop_month, CASE WHEN variant LIKE '%ended' THEN '并入另一户' END AS stop_reason, village_code, data_date, FALSE AS is_spare
FROM planted JOIN (SELECT * EXCLUDE (hno) FROM person) p USING (pno) WHERE rule_id = 'P10';
