-- Q12 低保与特困、户类型矛盾: elder households on the allowance: with a support besides, of another type; beside them one whose allowance ended when the support began, the right type, and none written down.
CREATE OR REPLACE TABLE q12_kind AS FROM (VALUES (0, 'allowance and support at once', '命中'), (1, 'the allowance of another type', '命中'), (2, 'allowance ended, support began', '未命中'), (3, 'the type is right', '未命中'), (4, 'no type written down', '无法判定')) AS kind(place, variant, verdict);
INSERT INTO planted
SELECT 'Q12', variant, verdict, household_id, hno, NULL FROM (
  SELECT *, row_number() OVER (ORDER BY draw) - 1 AS turn FROM free WHERE class = 'exited' AND is_minimum_living AND size > 1 AND elderly = size AND disabled = 0 AND NOT has_loan
) JOIN q12_kind ON turn % 5 = place WHERE turn < 5 * wanted(2);
INSERT INTO c_special_hardship BY NAME
SELECT p.pno, 'TK7' || digits(p.pno, 8) AS hardship_no, name, citizen_id, '1' AS rural_urban_code, '1' AS support_code, '1' AS self_care_code, '0.00' AS care_standard_yuan, '500.00' AS monthly_support_yuan, '2018-02' AS benefit_start_month, name AS account_name, village_code, data_date, FALSE AS is_spare
FROM planted JOIN (SELECT * FROM person WHERE k = 1) p USING (hno) WHERE planted.rule_id = 'Q12' AND variant IN ('allowance and support at once', 'allowance ended, support began');
UPDATE c_subsistence_allowance SET benefit_stop_month = '2018-02', stop_reason = '转入特困供养' WHERE pno IN (SELECT p.pno FROM planted q JOIN (SELECT pno, hno FROM person) p USING (hno) WHERE rule_id = 'Q12' AND variant = 'allowance ended, support began');
UPDATE c_registry_household SET household_type_code = CASE WHEN household_id IN (SELECT subject FROM planted WHERE rule_id = 'Q12' AND variant = 'the allowance of another type') THEN '05' END
WHERE household_id IN (SELECT subject FROM planted WHERE rule_id = 'Q12' AND variant IN ('the allowance of another type', 'no type written down'));
