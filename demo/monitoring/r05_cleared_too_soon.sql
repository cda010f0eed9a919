-- R05 风险消除过快: cleared within two months, with a low income, in a house of grade D, or without anybody who can work; beside them a day more, cleared by nature, taken in again.
DELETE FROM c_monitored_household WHERE pno IN (SELECT pno FROM person WHERE hno IN (SELECT hno FROM planted WHERE hno IS NOT NULL));
CREATE OR REPLACE TABLE r05_kind AS FROM (VALUES
  (0, 'cleared after exactly two months', '命中', '2019-02-10', '2019-04-10', '1'), (1, 'cleared with a low income', '命中', '2018-09-10', '2019-04-10', '1'), (2, 'cleared after two months and a day', '未命中', '2019-02-10', '2019-04-11', '1'),
  (3, 'cleared by nature within a week', '未命中', '2019-02-10', '2019-02-15', '2'), (4, 'taken in again', '未命中', '2018-09-10', '2018-10-01', '1')) AS kind(place, variant, verdict, since, cleared, way);
INSERT INTO planted
SELECT 'R05', variant, verdict, household_id, hno, NULL
FROM (SELECT *, row_number() OVER (ORDER BY draw) - 1 AS turn FROM free WHERE class = 'exited' AND NOT has_loan AND head_age BETWEEN 25 AND 55 AND adults = size AND disabled = 0 AND u(hno, 'nature') < 850000) JOIN r05_kind ON turn % 5 = place WHERE turn < 5 * wanted(2);
INSERT INTO planted
SELECT 'R05', 'cleared in a house of grade D', '命中', household_id, hno, NULL
FROM (SELECT hno, max(household_id) AS household_id FROM person WHERE has_house_d AND NOT is_poor AND head_age BETWEEN 25 AND 60 GROUP BY hno HAVING NOT bool_or(is_dead)) WHERE hno NOT IN (SELECT hno FROM planted WHERE hno IS NOT NULL AND rule_id LIKE 'R%')
ORDER BY hno LIMIT wanted(2);
INSERT INTO planted
SELECT 'R05', 'cleared, unable to work and unsupported', '命中', household_id, hno, NULL FROM free
WHERE class = 'exited' AND elderly = size AND disabled = 0 AND NOT is_minimum_living AND u(hno, 'nature') < 850000
  AND hno NOT IN (SELECT p.hno FROM c_special_hardship JOIN (SELECT pno, hno FROM person) p USING (pno)) ORDER BY draw LIMIT wanted(2);
CREATE OR REPLACE VIEW r05_person AS
SELECT person.*, planted.variant, coalesce(kind.since, '2018-08-01') AS since, coalesce(kind.cleared, '2019-03-01') AS cleared, coalesce(kind.way, '1') AS way
FROM person JOIN planted USING (hno) LEFT JOIN r05_kind kind ON kind.variant = planted.variant WHERE rule_id = 'R05';
UPDATE c_registry_person SET labour_code = '04', work_months = NULL, work_place = NULL WHERE pno IN (SELECT pno FROM r05_person WHERE variant = 'cleared, unable to work and unsupported');
DELETE FROM c_employment WHERE pno IN (SELECT pno FROM r05_person WHERE variant = 'cleared, unable to work and unsupported');
INSERT INTO wish_income SELECT hno, CASE variant WHEN 'cleared with a low income' THEN 520000 ELSE 900000 END, NULL FROM r05_person WHERE k = 1 AND variant NOT LIKE '%grade D';
DELETE FROM c_monitored_household WHERE pno IN (SELECT pno FROM r05_person);
INSERT INTO c_monitored_household BY NAME
SELECT pno, household_id, village_code, name AS head_name, citizen_id AS head_citizen_id, CAST(size AS VARCHAR) AS member_count, '1' AS monitored_kind_code, since AS monitored_date, '06' AS risk_1_code, '6500.00' AS monitor_income_per_head_yuan,
  '5620.50' AS income_reference_yuan, '就业帮扶' AS measures, yes_no(TRUE) AS is_risk_cleared, way AS cleared_way_code, cleared AS cleared_date, cleared AS reviewed_date, data_date, FALSE AS is_spare FROM r05_person WHERE k = 1
UNION ALL BY NAME
SELECT pno, household_id, village_code, name AS head_name, citizen_id AS head_citizen_id, CAST(size AS VARCHAR) AS member_count, '1' AS monitored_kind_code, '2019-03-01' AS monitored_date, '06' AS risk_1_code, '5100.00' AS monitor_income_per_head_yuan,
  '5620.50' AS income_reference_yuan, '就业帮扶' AS measures, yes_no(FALSE) AS is_risk_cleared, data_date, FALSE AS is_spare FROM r05_person WHERE k = 1 AND variant = 'taken in again';
