-- G13 饮水不安全或困难: exited households without safe water: the county's own, and each of the two fields.
INSERT INTO planted SELECT 'G13', 'unsafe in the county', '命中', household_id, hno, NULL FROM person WHERE k = 1 AND has_unsafe_water;
CREATE OR REPLACE TABLE g13_kind AS FROM (VALUES
  ('water is hard to get', '命中', '是', '是', 0), ('unsafe, the other field blank', '命中', '否', NULL, 1), ('unsafe and hard to get', '命中', '否', '是', 2),
  ('safe and at hand', '未命中', '是', '否', 3), ('nobody says whether safe', '无法判定', NULL, '否', 4), ('nobody says whether hard to get', '无法判定', '是', NULL, 5)
) AS kind(variant, verdict, safe, difficult, place);
INSERT INTO planted
SELECT 'G13', variant, verdict, household_id, hno, NULL FROM (SELECT *, row_number() OVER (ORDER BY draw) - 1 AS turn FROM free WHERE class = 'exited') JOIN g13_kind ON turn % 6 = place WHERE turn < 6 * wanted(2);
INSERT INTO planted SELECT 'G13', 'still poor, water unsafe', '未命中', household_id, hno, NULL FROM free WHERE class = 'poor' ORDER BY draw LIMIT wanted(2);
UPDATE c_registry_household SET is_water_safe = k.safe, is_water_difficult = k.difficult FROM planted q JOIN g13_kind k USING (variant) WHERE q.rule_id = 'G13' AND q.subject = c_registry_household.household_id;
UPDATE c_registry_household SET is_water_safe = '否' WHERE household_id IN (SELECT subject FROM planted WHERE rule_id = 'G13' AND variant LIKE 'still poor%');
