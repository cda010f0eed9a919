-- The rows that the N and R situations asked for (tables wish_*, n00): bills, jobs, losses and incomes to the cent. Whoever asked for one has no other bill, loss or job that would count.
CREATE OR REPLACE TABLE quiet AS
SELECT hno FROM wish_income UNION SELECT hno FROM wish_loss UNION SELECT hno FROM wish_money UNION SELECT hno FROM wish_no_job UNION SELECT p.hno FROM wish_bill JOIN person p USING (pno);
CREATE OR REPLACE TABLE quiet_person AS SELECT pno FROM person WHERE hno IN (SELECT hno FROM quiet);
DELETE FROM c_health_settlement WHERE pno IN (FROM quiet_person);
DELETE FROM c_disaster_loss WHERE pno IN (FROM quiet_person);
-- A registered bill is paid to nine tenths by all tiers, another's to a half.
INSERT INTO c_health_settlement BY NAME
SELECT p.pno, 'JS2020' || digits(p.pno, 10) AS settlement_no, p.name, p.citizen_id, '1' AS visit_code, '北镇市人民医院' AS hospital, '二级' AS hospital_grade, yes_no(TRUE) AS is_in_county, '2019-02-20' AS admitted_date, '2019-03-15' AS discharged_date, 'I63.9' AS diagnosis_code,
  yuan(CASE WHEN p.is_registered THEN 10 ELSE 2 END * burden) AS total_yuan, yuan(CASE WHEN p.is_registered THEN 10 * burden ELSE 2 * burden - burden // 5 END) AS eligible_yuan, '600.00' AS deductible_yuan,
  yuan(CASE WHEN p.is_registered THEN 6 ELSE 1 END * burden) AS basic_paid_yuan, yuan(CASE WHEN p.is_registered THEN burden ELSE 0 END) AS serious_paid_yuan,
  yuan(CASE WHEN p.is_registered THEN burden + burden // 2 ELSE 0 END) AS assistance_paid_yuan, yuan(CASE WHEN p.is_registered THEN burden - burden // 2 ELSE 0 END) AS supplement_paid_yuan,
  yuan(CASE WHEN p.is_registered THEN burden ELSE burden - burden // 5 END) AS self_paid_yuan, yuan(CASE WHEN p.is_registered THEN 0 ELSE burden // 5 END) AS own_expense_yuan,
  CASE WHEN p.is_registered THEN '0.9000' ELSE '0.5000' END AS reimbursed_ratio, '2019-03-15' AS settled_date, yes_no(p.is_registered) AS is_one_stop, FALSE AS is_spare
FROM wish_bill JOIN person p USING (pno);
INSERT INTO c_disaster_loss BY NAME
SELECT p.pno, 'ZH2020' || digits(p.hno, 9) AS loss_no, p.name, p.citizen_id, p.household_id, p.village_code, '3' AS disaster_kind_code, '1' AS loss_item_code, '2019-05-08' AS disaster_date, yuan(loss) AS loss_yuan, yuan(claim) AS claim_yuan,
  '2019-06-03' AS claim_date, p.data_date, FALSE AS is_spare
FROM wish_loss JOIN person p USING (hno) WHERE p.k = 1;
DELETE FROM c_employment WHERE pno IN (SELECT pno FROM person WHERE hno IN (SELECT hno FROM wish_no_job));
UPDATE c_registry_person SET work_place = NULL, work_months = NULL WHERE pno IN (SELECT pno FROM person WHERE hno IN (SELECT hno FROM wish_no_job));
UPDATE c_registry_person SET work_place = '县外省内', work_months = '6' WHERE pno IN (SELECT pno FROM wish_job);
INSERT INTO c_employment BY NAME
SELECT p.pno, p.name, p.citizen_id, '02' AS labour_code, CASE WHEN wage IS NULL THEN '2' ELSE '1' END AS status_code, CASE WHEN wage IS NULL THEN '0' ELSE '1' END AS employment_form_code, CASE WHEN wage IS NOT NULL THEN '润达劳务有限公司' END AS employer,
  start_month, end_month, CASE WHEN wage IS NOT NULL THEN '12' END AS work_months, yuan(wage) AS monthly_wage_yuan, p.data_date, FALSE AS is_spare
FROM wish_job JOIN person p USING (pno);
-- What is still missing to the income that is to be seen is paid as a subsidy.
DELETE FROM c_card_payment WHERE pno IN (SELECT pno FROM person WHERE hno IN (SELECT hno FROM wish_money));
INSERT INTO c_card_payment BY NAME
SELECT p.pno, '稻谷补贴' AS subsidy_item, '2018' AS year, '2018年度' AS period, p.name, p.citizen_id, p.village_code, '10.0' AS quantity, '亩' AS quantity_unit, yuan((w.per_head * p.size - coalesce(seen.cents, 0)) // 10) AS standard_yuan,
  yuan(w.per_head * p.size - coalesce(seen.cents, 0)) AS amount_yuan, '2018-12-05' AS payout_date, '2199' || digits(p.hno, 9) || digits(dice(p.hno, 'account', 10000), 4) AS bank_account, p.name AS account_name, '1' AS payout_code, FALSE AS is_spare
FROM wish_money w JOIN person p USING (hno)
LEFT JOIN (
  SELECT hno, CAST(sum(cents) AS BIGINT) AS cents FROM (
    SELECT pno, CAST(replace(amount_yuan, '.', '') AS BIGINT) AS cents FROM c_pension_payment
    UNION ALL SELECT pno, wage * CASE WHEN end_month = '2018-11' THEN 6 ELSE 12 END FROM wish_job WHERE wage IS NOT NULL) JOIN (SELECT pno, hno FROM person) USING (pno) GROUP BY hno) seen USING (hno)
WHERE p.k = 1 AND w.per_head * p.size > coalesce(seen.cents, 0);
-- All of a registered income is wage, a tenth of rent, and transfer; a wage of NULL leaves the wage as it was registered, as far as the new total allows.
UPDATE c_registry_household SET business_income_yuan = '0.00', business_cost_yuan = '0.00', property_income_yuan = yuan(w.total // 10), wage_income_yuan = yuan(w.earned), transfer_income_yuan = yuan(w.total - w.total // 10 - w.earned),
  total_income_yuan = yuan(w.total), net_income_yuan = yuan(w.total), net_income_per_head_yuan = yuan(w.per_head)
FROM (SELECT w.hno, p.household_id, w.per_head, w.per_head * p.size AS total, coalesce(w.wage, least(CAST(replace(r.wage_income_yuan, '.', '') AS BIGINT), w.per_head * p.size // 2)) AS earned
  FROM wish_income w JOIN person p ON p.hno = w.hno AND p.k = 1 JOIN c_registry_household r USING (household_id)) w
WHERE w.household_id = c_registry_household.household_id;

-- Whoever became ill, poor or disabled by a situation is insured, unless that is the point.
INSERT INTO c_health_insurance BY NAME
SELECT pno, '2019' AS year, name, citizen_id, '1' AS insurance_code, '1' AS status_code, '2018-12-10' AS paid_date, '220.00' AS personal_paid_yuan, '0.00' AS subsidy_yuan, '9' AS category_code, '北镇市' AS place, data_date, FALSE AS is_spare
FROM person WHERE NOT is_registered AND NOT is_omitted AND NOT is_dead AND pno NOT IN (SELECT pno FROM c_health_insurance) AND (hno IN (SELECT hno FROM quiet) OR hno IN (SELECT p.hno FROM c_disability JOIN (SELECT pno, hno FROM person) p USING (pno)))
  AND hno NOT IN (SELECT hno FROM planted WHERE rule_id IN ('N03', 'N04') AND hno IS NOT NULL);
-- Last, when all bills are there: who bears a large one (N05), and omitted households of whom too little is seen (N03).
CREATE OR REPLACE TABLE burden AS
SELECT p.hno, p.pno, p.is_registered, p.is_registered OR u(p.hno, 'nature') < 850000 OR u(p.hno, 'nature') < 900000 AND substr(p.village_code, 10, 1) IN ('2', '3', '5') AS is_rural,
  sum(CASE WHEN p.is_registered AND visit_code <> '1' THEN 0 ELSE CAST(self_paid_yuan AS DECIMAL(18, 2)) + CAST(own_expense_yuan AS DECIMAL(18, 2)) END) AS yuan
FROM (SELECT pno, visit_code, self_paid_yuan, own_expense_yuan FROM c_health_settlement WHERE settled_date > '2018-06-30') b JOIN (SELECT * EXCLUDE (name, citizen_id) FROM person WHERE NOT (is_dead)) p USING (pno) GROUP BY ALL;
INSERT INTO planted
SELECT 'N05', 'a large bill in the county', '命中', NULL, hno, pno FROM burden
WHERE yuan >= CASE WHEN is_registered THEN 5000 ELSE 20000 END AND is_rural AND pno NOT IN (SELECT pno FROM planted WHERE rule_id = 'N05');
-- Exited households with a blow of their own: below the line of monitoring (R01), or thrown below the poverty line by what they have to pay (R03).
CREATE OR REPLACE TABLE blow AS
SELECT p.hno, p.household_id, p.size, CAST(r.net_income_per_head_yuan AS DECIMAL(18, 2)) AS per_head,
  hno IN (SELECT hno FROM burden WHERE is_registered AND yuan >= 5000) AS is_ill, coalesce(lost.yuan, 0) AS lost, hno IN (SELECT b.hno FROM c_bank_loan JOIN (SELECT pno, hno FROM person) b USING (pno) WHERE CAST(overdue_principal_yuan AS DECIMAL(18, 2)) > 0 AND settled_date IS NULL) AS is_overdue,
  coalesce(lost.yuan, 0) + coalesce(ill.yuan, 0) + coalesce(study.yuan, 0) AS rigid
FROM c_registry_household r JOIN (SELECT pno, hno, household_id, size, poverty_status FROM person WHERE poverty_status IN ('1', '4') AND k = 1) p USING (household_id)
LEFT JOIN (SELECT hno, sum(greatest(CAST(loss_yuan AS DECIMAL(18, 2)) - CAST(claim_yuan AS DECIMAL(18, 2)), 0)) AS yuan FROM c_disaster_loss JOIN (SELECT pno, hno FROM person) USING (pno) GROUP BY hno) lost USING (hno)
LEFT JOIN (SELECT hno, sum(CAST(self_paid_yuan AS DECIMAL(18, 2)) + CAST(own_expense_yuan AS DECIMAL(18, 2))) AS yuan FROM c_health_settlement JOIN (SELECT pno, hno FROM person) USING (pno) WHERE settled_date > '2018-06-30' GROUP BY hno) ill USING (hno)
LEFT JOIN (SELECT hno, sum(greatest(e.yuan - coalesce(a.yuan, 0), 0)) AS yuan FROM (SELECT pno, sum(CAST(expense_total_yuan AS DECIMAL(18, 2))) AS yuan FROM c_education_expense WHERE stage_code IN ('4', '5', '8') GROUP BY pno) e
  LEFT JOIN (SELECT pno, sum(CAST(amount_yuan AS DECIMAL(18, 2))) AS yuan FROM c_education_aid WHERE aid_code <> '9' AND term_code LIKE '2018%' GROUP BY pno) a USING (pno) JOIN (SELECT pno, hno FROM person) USING (pno) GROUP BY hno) study USING (hno);
INSERT INTO planted SELECT 'R01', 'a blow in the county', '命中', household_id, hno, NULL FROM blow WHERE per_head < 5620.5 AND (is_ill OR is_overdue OR lost > 0) AND hno NOT IN (SELECT hno FROM planted WHERE rule_id = 'R01');
INSERT INTO planted SELECT 'R03', 'a blow in the county', '命中', 'R' || household_id, hno, NULL FROM blow WHERE (is_ill OR lost > 0) AND per_head - rigid / size < 3747 AND hno NOT IN (SELECT hno FROM planted WHERE rule_id = 'R03');
INSERT INTO planted
SELECT 'N03', 'omitted in the county', '命中', 'H1' || digits(hno, 8), hno, NULL FROM (
  SELECT hno, any_value(size) AS size, any_value(village_code) AS village_code, sum(coalesce(pension, 0) + coalesce(card, 0) + coalesce(allowance, 0) + coalesce(subsidy, 0)) AS seen
  FROM person
  LEFT JOIN (SELECT pno, sum(CAST(amount_yuan AS DECIMAL(18, 2))) AS pension FROM c_pension_payment GROUP BY pno) USING (pno)
  LEFT JOIN (SELECT pno, sum(CAST(amount_yuan AS DECIMAL(18, 2))) AS card FROM c_card_payment WHERE payout_code = '1' GROUP BY pno) USING (pno)
  LEFT JOIN (SELECT pno, sum(12 * CAST(monthly_allowance_yuan AS DECIMAL(18, 2)) / CAST(covered_count AS INTEGER)) AS allowance FROM c_subsistence_allowance WHERE benefit_stop_month IS NULL GROUP BY pno) USING (pno)
  LEFT JOIN (SELECT pno, sum(12 * coalesce(CAST(living_subsidy_yuan AS DECIMAL(18, 2)), 0) + 12 * coalesce(CAST(nursing_subsidy_yuan AS DECIMAL(18, 2)), 0)) AS subsidy FROM c_disability WHERE status_code = '1' GROUP BY pno) USING (pno)
  WHERE is_omitted GROUP BY hno)
WHERE seen / size < 3747 AND (u(hno, 'nature') < 850000 OR u(hno, 'nature') < 900000 AND substr(village_code, 10, 1) IN ('2', '3', '5'));
-- Weak families outside the registry with a child who is planted out of school (N04); where all of a low income is seen, they are N03's too.
INSERT INTO planted
SELECT DISTINCT 'N04', 'a child out of school in the county', '命中', 'H1' || digits(hno, 8), hno, NULL FROM planted JOIN household USING (hno)
WHERE rule_id = 'G01' AND planted.verdict = '命中' AND NOT is_registered AND NOT is_omitted AND (u(hno, 'nature') < 850000 OR u(hno, 'nature') < 900000 AND substr(village_code, 10, 1) IN ('2', '3', '5'))
  AND (hno IN (SELECT p.hno FROM c_disability d JOIN (SELECT pno, hno FROM person) p USING (pno) WHERE d.status_code = '1') OR hno IN (SELECT hno FROM burden WHERE NOT is_registered AND yuan >= 20000)
    OR hno IN (SELECT p.hno FROM c_temporary_relief t JOIN (SELECT pno, hno FROM person) p USING (pno) WHERE t.relief_date > '2018-06-30') OR hno IN (SELECT p.hno FROM c_subsistence_allowance s JOIN (SELECT pno, hno FROM person) p USING (pno) WHERE benefit_stop_month IS NULL))
  AND hno NOT IN (SELECT hno FROM planted WHERE rule_id = 'N04' AND hno IS NOT NULL);
