-- G12 脱贫户住危房: whom the registry itself calls exited and unsafely housed.
INSERT INTO planted SELECT 'G12', 'rated D in the county', '命中', household_id, hno, NULL FROM person WHERE k = 1 AND has_house_d AND NOT is_poor;
CREATE OR REPLACE TABLE g12_kind AS FROM (VALUES ('registered as unsafe', '命中', '是', 0), ('registered as unsafe though assessed as safe', '命中', '是', 1), ('safe', '未命中', '否', 2), ('left blank', '无法判定', NULL, 3)) AS kind(variant, verdict, flag, place);
INSERT INTO planted
SELECT 'G12', variant, verdict, household_id, hno, NULL FROM (SELECT *, row_number() OVER (ORDER BY draw) - 1 AS turn FROM free WHERE class = 'exited') JOIN g12_kind ON turn % 4 = place WHERE turn < 4 * wanted(2);
INSERT INTO planted SELECT 'G12', 'still poor in an unsafe house', '未命中', household_id, hno, NULL FROM free WHERE class = 'poor' ORDER BY draw LIMIT wanted(2);
UPDATE c_registry_household SET is_house_dilapidated = k.flag FROM planted q JOIN g12_kind k USING (variant) WHERE q.rule_id = 'G12' AND q.subject = c_registry_household.household_id;
UPDATE c_registry_household SET is_house_dilapidated = '是' WHERE household_id IN (SELECT subject FROM planted WHERE rule_id = 'G12' AND variant LIKE 'still poor%');
