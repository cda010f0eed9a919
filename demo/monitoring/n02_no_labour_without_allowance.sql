-- N02 建档失能户未纳入低保: old couples of poor households; with nobody supported, with one, with one who can still work, or supported as 特困.
CREATE OR REPLACE TABLE n02_kind AS FROM (VALUES
  (0, 'unable and nobody supported', '命中'), (1, 'the support has stopped', '命中'), (2, 'one of two is on the allowance', '未命中'), (3, 'one can still do some work', '未命中'), (4, 'supported as 特困', '未命中')) AS kind(place, variant, verdict);
INSERT INTO planted
SELECT 'N02', variant, verdict, household_id, hno, NULL
FROM (SELECT *, row_number() OVER (ORDER BY draw) - 1 AS turn FROM free WHERE class = 'poor' AND elderly = size AND size > 1 AND disabled = 0 AND hno NOT IN (SELECT p.hno FROM c_special_hardship JOIN (SELECT pno, hno FROM person) p USING (pno))) JOIN n02_kind ON turn % 5 = place WHERE turn < 5 * wanted(3);

CREATE OR REPLACE VIEW n02_member AS SELECT person.pno, person.k, variant FROM person JOIN planted USING (hno) WHERE rule_id = 'N02';
UPDATE c_registry_person SET labour_code = CASE WHEN pno IN (SELECT pno FROM n02_member WHERE variant = 'one can still do some work' AND k = 1) THEN '05' ELSE '04' END, work_place = NULL, work_months = NULL
WHERE pno IN (SELECT pno FROM n02_member);
DELETE FROM c_employment WHERE pno IN (SELECT pno FROM n02_member);
UPDATE c_subsistence_allowance SET benefit_stop_month = '2019-03', stop_reason = '其他' WHERE pno IN (SELECT pno FROM n02_member WHERE variant = 'the support has stopped');
DELETE FROM c_subsistence_allowance
WHERE pno IN (SELECT pno FROM n02_member WHERE variant IN ('unable and nobody supported', 'one can still do some work', 'supported as 特困') OR variant = 'one of two is on the allowance' AND k > 1);
UPDATE c_subsistence_allowance SET coverage_code = '2', covered_count = '1' WHERE pno IN (SELECT pno FROM n02_member WHERE variant = 'one of two is on the allowance');
DELETE FROM c_special_hardship WHERE pno IN (SELECT pno FROM n02_member);
INSERT INTO c_special_hardship BY NAME
SELECT p.pno, 'TK' || digits(p.pno, 9) AS hardship_no, p.name, p.citizen_id, '1' AS rural_urban_code, '1' AS support_code, '1' AS self_care_code, '0.00' AS care_standard_yuan, '500.00' AS monthly_support_yuan,
  '2018-01' AS benefit_start_month, '2199' || digits(p.hno, 9) || digits(dice(p.hno, 'account', 10000), 4) AS bank_account, p.name AS account_name, p.village_code, p.data_date, FALSE AS is_spare
FROM person p JOIN n02_member m USING (pno) WHERE m.variant = 'supported as 特困';
