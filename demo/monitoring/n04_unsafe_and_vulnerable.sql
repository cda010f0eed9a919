-- N04 疑似漏评（三保障）: omitted households (on the allowance, in houses of grade D), weak families in want; beside them families that are in want only, or weak only.
INSERT INTO planted SELECT 'N04', 'omitted in the county', '命中', 'H1' || digits(hno, 8), hno, NULL FROM household WHERE is_omitted AND u(hno, 'nature') < 850000;
INSERT INTO planted SELECT 'N04', 'omitted, of another kind of book', '命中', 'H1' || digits(hno, 8), hno, NULL FROM household
WHERE is_omitted AND u(hno, 'nature') BETWEEN 850000 AND 899999 AND substr(village_code, 10, 1) IN ('2', '3', '5');

CREATE OR REPLACE TABLE n04_kind AS FROM (VALUES
  (0, 'relief within the year, not insured', '命中', '2018-07-01'), (1, 'relief within the year, house of grade D', '命中', '2019-05-20'), (2, 'relief a year and a day ago', '未命中', '2018-06-30'), (3, 'relief, and lacks nothing', '未命中', '2019-03-01')) AS kind(place, variant, verdict, relieved);
INSERT INTO planted
SELECT 'N04', variant, verdict, 'H1' || digits(hno, 8), hno, NULL
FROM (SELECT *, row_number() OVER (ORDER BY draw) - 1 AS turn FROM unseen_free WHERE u(hno, 'assessed') < 860000 AND hno NOT IN (SELECT hno FROM ordinary WHERE is_weak)) JOIN n04_kind ON turn % 4 = place WHERE turn < 4 * wanted(2);
INSERT INTO planted
SELECT 'N04', 'disabled and not insured', '命中', 'H1' || digits(hno, 8), hno, NULL FROM free
WHERE class = 'other' AND disabled = 1 AND u(hno, 'nature') < 850000 AND hno IN (SELECT hno FROM ordinary WHERE is_unseen) AND hno NOT IN (SELECT hno FROM grave_bill)
  AND hno IN (SELECT hno FROM person WHERE is_disabled AND age >= 18 AND disability_level > 2) ORDER BY draw LIMIT wanted(2);

CREATE OR REPLACE VIEW n04_member AS SELECT person.pno, person.k, person.hno, variant FROM person JOIN planted USING (hno) WHERE rule_id = 'N04' AND hno NOT IN (SELECT hno FROM household WHERE is_omitted);
INSERT INTO c_temporary_relief BY NAME
SELECT p.pno, 'LJ2020' || digits(p.hno, 9) AS relief_no, p.name, p.citizen_id, p.village_code, '突发重病' AS relief_reason, '1' AS relief_kind_code, '1500.00' AS relief_yuan, kind.relieved AS approved_date, kind.relieved AS relief_date,
  '2199' || digits(p.hno, 9) || digits(dice(p.hno, 'account', 10000), 4) AS bank_account, p.name AS account_name, FALSE AS is_spare
FROM person p JOIN n04_member m USING (pno) JOIN n04_kind kind USING (variant) WHERE m.k = 1;
DELETE FROM c_health_insurance WHERE pno IN (SELECT pno FROM n04_member WHERE k = 1 AND variant IN ('relief within the year, not insured', 'disabled and not insured', 'relief a year and a day ago'));
INSERT INTO c_health_insurance BY NAME
SELECT pno, '2019' AS year, name, citizen_id, '1' AS insurance_code, '1' AS status_code, '2018-12-10' AS paid_date, '220.00' AS personal_paid_yuan, '0.00' AS subsidy_yuan, '9' AS category_code, '北镇市' AS place, data_date, FALSE AS is_spare
FROM person WHERE hno IN (SELECT hno FROM n04_member WHERE variant = 'relief, and lacks nothing') AND pno NOT IN (SELECT pno FROM c_health_insurance);
UPDATE c_housing_assessment SET grade_code = CASE m.variant WHEN 'relief within the year, house of grade D' THEN 'D' ELSE 'B' END, occupancy_code = '1'
FROM n04_member m WHERE m.pno = c_housing_assessment.pno AND m.variant IN ('relief within the year, house of grade D', 'relief, and lacks nothing');
