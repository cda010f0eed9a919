-- After the incomes, jobs and certificates of all other situations: what they leave contradictory in the registry, and is nobody's point, is put right (Q10), or counted (Q08, Q09, Q11–Q13).
CREATE OR REPLACE TEMP TABLE at_work AS SELECT household_id, count(work_months) AS workers FROM c_registry_person GROUP BY household_id;
UPDATE c_registry_household SET wage_income_yuan = '0.00', transfer_income_yuan = yuan(CAST(replace(transfer_income_yuan, '.', '') AS BIGINT) + CAST(replace(wage_income_yuan, '.', '') AS BIGINT))
WHERE wage_income_yuan <> '0.00' AND household_id NOT IN (SELECT household_id FROM at_work WHERE workers > 0) AND household_id NOT IN (SELECT subject FROM planted WHERE rule_id = 'Q10');
UPDATE c_registry_person SET work_months = NULL, work_place = NULL
WHERE household_id IN (SELECT household_id FROM c_registry_household WHERE wage_income_yuan = '0.00') AND household_id NOT IN (SELECT subject FROM planted WHERE rule_id = 'Q10');
UPDATE c_real_estate SET data_date = CAST(CAST(CAST(getvariable('as_of') AS DATE) - INTERVAL 92 DAY AS DATE) AS VARCHAR);

CREATE OR REPLACE TEMP TABLE card_holder AS SELECT DISTINCT pno FROM c_disability WHERE status_code <> '3';
CREATE OR REPLACE TEMP TABLE in_plan AS SELECT DISTINCT hno FROM planted WHERE hno IS NOT NULL;
INSERT INTO planted
SELECT 'Q13', 'by another situation', '命中', NULL, p.hno, p.pno FROM c_registry_person r JOIN (SELECT pno, hno, is_dead FROM person) p USING (pno)
WHERE NOT p.is_dead AND p.hno IN (FROM in_plan) AND (r.health_code IN ('04', '05', '06') AND pno NOT IN (FROM card_holder) OR r.health_code = '01' AND pno IN (FROM card_holder)) AND pno NOT IN (SELECT pno FROM planted WHERE rule_id = 'Q13')
  AND pno NOT IN (SELECT pno FROM c_death WHERE pno IS NOT NULL UNION SELECT pno FROM c_cremation WHERE pno IS NOT NULL) AND pno NOT IN (SELECT pno FROM c_household_registration WHERE death_date IS NOT NULL OR change_code = '2');
INSERT INTO planted
SELECT 'Q12', 'the allowance by another situation', '命中', household_id, any_value(p.hno), NULL FROM c_registry_household h JOIN (SELECT pno, hno, household_id, is_dead FROM person) p USING (household_id)
WHERE NOT p.is_dead AND p.hno IN (FROM in_plan) AND household_id NOT IN (SELECT subject FROM planted WHERE rule_id = 'Q12')
  AND p.pno IN (SELECT pno FROM c_subsistence_allowance WHERE benefit_stop_month IS NULL OR benefit_stop_month > left(getvariable('as_of'), 7))
  AND (household_type_code NOT IN ('02', '04') OR p.pno IN (SELECT pno FROM c_special_hardship WHERE benefit_stop_month IS NULL OR benefit_stop_month > left(getvariable('as_of'), 7)))
GROUP BY household_id;
INSERT INTO planted
SELECT 'Q11', 'by another situation', '命中', household_id, any_value(p.hno), NULL FROM c_registry_household h JOIN (SELECT pno, hno, household_id FROM person) p USING (household_id)
WHERE poverty_status_code IN ('0', '2', '3') AND main_cause_code = '02' AND p.hno IN (FROM in_plan) AND household_id NOT IN (SELECT subject FROM planted WHERE rule_id = 'Q11') GROUP BY household_id HAVING count(*) FILTER (p.pno IN (FROM card_holder)) = 0;
INSERT INTO planted
SELECT 'Q08', 'an income by another situation', '命中', household_id, p.hno, NULL FROM c_registry_household h JOIN (SELECT hno, household_id FROM person WHERE k = 1) p USING (household_id)
WHERE p.hno IN (FROM in_plan) AND household_id NOT IN (SELECT subject FROM planted WHERE rule_id = 'Q08') AND (CAST(net_income_per_head_yuan AS DECIMAL(18, 2)) <= 500 OR CAST(net_income_per_head_yuan AS DECIMAL(18, 2)) > 30000);
