-- R03 突发严重困难户: good incomes that a bill, a school or a loss takes below the line, to the cent; beside them exactly the line, losses that are paid for, incomes nobody sees, and the poor.
CREATE OR REPLACE TABLE r03_kind AS FROM (VALUES
  (0, 'a bill beyond the income', '命中', 'bill'), (1, 'a loss leaves a cent less than the line', '命中', 'loss'), (2, 'a loss leaves exactly the line', '无法判定', 'loss'), (3, 'the loss was paid for', '未命中', 'paid')) AS kind(place, variant, verdict, what);
INSERT INTO planted
SELECT 'R03', variant, verdict, 'R' || household_id, hno, NULL
FROM (SELECT *, row_number() OVER (ORDER BY draw) - 1 AS turn FROM free WHERE class = 'exited' AND size = 2 AND NOT has_loan AND disabled = 0 AND u(hno, 'nature') < 850000) JOIN r03_kind ON turn % 4 = place WHERE turn < 4 * wanted(2);
INSERT INTO planted
SELECT 'R03', 'a school beyond the income', '命中', 'R' || household_id, hno, NULL FROM free
WHERE class = 'exited' AND NOT has_loan AND u(hno, 'nature') < 850000 AND size BETWEEN 2 AND 4 AND disabled = 0 AND hno IN (SELECT hno FROM person WHERE is_pupil AND age BETWEEN 16 AND 18 GROUP BY hno HAVING count(*) = 1) ORDER BY draw LIMIT wanted(2);
INSERT INTO planted SELECT 'R03', 'poor before the loss', '未命中', 'R' || household_id, hno, NULL FROM free WHERE class = 'poor' AND NOT has_loan ORDER BY draw LIMIT wanted(2);
INSERT INTO planted
SELECT 'R03', variant, verdict, 'H1' || digits(hno, 8), hno, NULL
FROM (SELECT *, row_number() OVER (ORDER BY draw) - 1 AS turn FROM unseen_free WHERE size = 1)
JOIN (VALUES (0, 'alone, all seen, a loss leaves a cent less', '命中'), (1, 'alone, all seen, a loss leaves exactly the line', '未命中'), (2, 'alone, income unseen, a loss', '无法判定')) AS kind(place, variant, verdict) ON turn % 3 = place WHERE turn < 3 * wanted(2);
CREATE OR REPLACE VIEW r03_person AS SELECT person.*, planted.variant FROM person JOIN planted USING (hno) WHERE rule_id = 'R03' AND variant NOT IN (SELECT variant FROM planted WHERE rule_id = 'R02');
INSERT INTO wish_no_job SELECT DISTINCT hno FROM r03_person WHERE NOT is_poor;
INSERT INTO wish_income SELECT hno, CASE WHEN variant = 'a school beyond the income' THEN 374700 + 1200000 // size - 10 WHEN variant = 'a loss leaves a cent less than the line' THEN 374699 + 600000 ELSE 374700 + 600000 END, 0 FROM r03_person WHERE k = 1 AND is_registered AND NOT is_poor;
INSERT INTO wish_bill SELECT pno, 1300000 FROM r03_person WHERE k = 1 AND variant = 'a bill beyond the income';
INSERT INTO wish_loss SELECT hno, 1500000, CASE WHEN variant = 'the loss was paid for' THEN 1500000 ELSE 300000 END FROM r03_person WHERE k = 1 AND (variant LIKE '%a loss%' OR variant LIKE '%the loss%');
INSERT INTO wish_job SELECT pno, '2015-02', NULL, 131224 FROM r03_person WHERE k = 1 AND variant LIKE 'alone, all seen%';
INSERT INTO wish_money SELECT hno, CASE WHEN variant LIKE '%a cent less' THEN 374699 + 1200000 ELSE 374700 + 1200000 END FROM r03_person WHERE k = 1 AND variant LIKE 'alone, all seen%';
DELETE FROM c_education_expense WHERE pno IN (SELECT pno FROM r03_person);
INSERT INTO c_education_expense BY NAME
SELECT pno, name, citizen_id, '4' AS stage_code, '沈阳市某学校' AS school, '2018-2' AS term_code, '2' AS expense_source_code,
  CAST(12000 + (SELECT coalesce(sum(CAST(amount_yuan AS DECIMAL(18, 2))), 0) FROM c_education_aid a WHERE a.pno = r03_person.pno AND aid_code <> '9' AND term_code LIKE '2018%') AS VARCHAR) AS expense_total_yuan, data_date, FALSE AS is_spare
FROM r03_person WHERE variant = 'a school beyond the income' AND is_pupil AND age BETWEEN 16 AND 18;
INSERT INTO planted SELECT 'N06', variant, '命中', NULL, hno, pno FROM r03_person WHERE variant = 'a school beyond the income' AND is_pupil AND age BETWEEN 16 AND 18;
INSERT INTO planted SELECT 'N05', variant, '命中', NULL, hno, pno FROM r03_person WHERE k = 1 AND variant = 'a bill beyond the income';
