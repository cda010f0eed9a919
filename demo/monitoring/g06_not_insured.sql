-- G06 未参保: the county's own uninsured; beside them the suspended, and soldiers, newborns and employees who are in order.
INSERT INTO planted SELECT 'G06', 'uninsured in the county', '命中', NULL, hno, pno FROM person WHERE is_uninsured AND NOT is_dead AND birth_date < getvariable('base') - 90;
CREATE OR REPLACE TABLE g06_kind AS FROM (VALUES
  ('suspended', '命中', 0), ('only against serious illness', '命中', 1), ('insured last year', '命中', 2), ('insured as an employee', '未命中', 3), ('a soldier', '未命中', 4)
) AS kind(variant, verdict, place);
INSERT INTO planted
SELECT 'G06', variant, verdict, NULL, hno, pno FROM (
  SELECT f.hno, min(p.pno) AS pno, row_number() OVER (ORDER BY any_value(f.draw)) - 1 AS turn FROM free f JOIN person p USING (hno)
  WHERE f.class = 'exited' AND p.age BETWEEN 20 AND 55 AND NOT p.is_disabled GROUP BY f.hno
) JOIN g06_kind ON turn % 5 = place WHERE turn < 5 * wanted(2);
INSERT INTO planted
SELECT 'G06', 'a newborn of at most ninety days', '未命中', NULL, hno, min(pno) FROM free JOIN person USING (hno)
WHERE class IN ('exited', 'poor') AND birth_date >= getvariable('base') - 90 GROUP BY hno, draw ORDER BY draw LIMIT wanted(2);
DELETE FROM c_health_insurance WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'G06' AND (variant = 'a soldier' OR starts_with(variant, 'a newborn')));
UPDATE c_registry_person SET is_military = '是' WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'G06' AND variant = 'a soldier');
UPDATE c_health_insurance SET status_code = '2' WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'G06' AND variant = 'suspended');
UPDATE c_health_insurance SET insurance_code = '3' WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'G06' AND variant = 'only against serious illness');
UPDATE c_health_insurance SET year = '2018', paid_date = '2017-12-01' WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'G06' AND variant = 'insured last year');
UPDATE c_health_insurance SET insurance_code = '2' WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'G06' AND variant = 'insured as an employee');
