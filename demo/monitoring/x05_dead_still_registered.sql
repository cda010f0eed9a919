-- X05 死亡未核减: the county's own dead who are still listed; a death that only the crematorium or only the doctor knows; beside them a death of exactly thirty days ago, and one without a day.
INSERT INTO planted SELECT 'X05', 'dead for weeks and still listed', '命中', NULL, hno, pno FROM person WHERE is_registered AND is_dead;
CREATE OR REPLACE TEMP TABLE wish AS FROM (VALUES ('only the crematorium knows', '命中', 31, 2), ('only the doctor knows', '命中', 31, 2), ('died exactly thirty days ago', '未命中', 30, 2), ('died without a day', '无法判定', NULL, 1)) t(variant, verdict, days, number);
INSERT INTO planted
SELECT 'X05', variant, verdict, NULL, hno, pno FROM (
  SELECT hno, pno, row_number() OVER (ORDER BY draw) AS place FROM free JOIN (SELECT hno, pno, age, is_disabled, is_hardship FROM person WHERE k = 2) USING (hno)
  WHERE class = 'exited' AND NOT is_minimum_living AND NOT is_hardship AND NOT is_disabled AND age BETWEEN 62 AND 78
) JOIN (SELECT *, sum(number) OVER (ORDER BY variant) AS last FROM wish) ON place > last - number AND place <= last;
INSERT INTO c_cremation BY NAME
SELECT pno, 'HH2019' || digits(pno, 9) AS cremation_no, name, citizen_id, CAST(getvariable('base') - CAST(days AS INTEGER) AS VARCHAR) AS death_date, CAST(getvariable('base') - CAST(days AS INTEGER) + 2 AS VARCHAR) AS cremated_date, '北镇市殡仪馆' AS crematorium, FALSE AS is_spare
FROM planted JOIN wish USING (variant) JOIN person p USING (pno) WHERE rule_id = 'X05' AND variant IN ('only the crematorium knows', 'died exactly thirty days ago');
INSERT INTO c_death BY NAME
SELECT pno, 'SW2019' || digits(pno, 9) AS death_certificate_no, name, citizen_id, sex_code, CAST(birth_date AS VARCHAR) AS birth_date, CAST(getvariable('base') - CAST(days AS INTEGER) AS VARCHAR) AS death_date, CAST(getvariable('base') - CAST(days AS INTEGER) + 1 AS VARCHAR) AS registered_date,
  village_code, FALSE AS is_spare
FROM planted JOIN wish USING (variant) JOIN person p USING (pno) WHERE rule_id = 'X05' AND variant = 'only the doctor knows';
UPDATE c_household_registration SET change_code = '2', change_date = NULL, death_date = NULL WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'X05' AND variant = 'died without a day');
-- Nobody is paid after the month of death: that would be P04.
DELETE FROM c_pension_payment WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'X05' AND variant <> 'dead for weeks and still listed') AND benefit_month > '2019-05';
DELETE FROM c_card_payment WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'X05' AND variant <> 'dead for weeks and still listed') AND payout_date > '2019-05-31';
