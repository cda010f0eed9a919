-- P07 残疾证过期、等级不符: yesterday's end, a certificate called expired, a grade that is not the number's; beside them today's end, an old certificate beside a new one, and one without an end.
CREATE OR REPLACE TEMP TABLE wish AS FROM (VALUES ('ended yesterday', '命中', 2), ('called expired', '命中', 1), ('another grade than the number says', '命中', 2), ('ends today', '未命中', 2), ('an old one beside the new', '未命中', 1), ('without an end', '无法判定', 1)) t(variant, verdict, number);
INSERT INTO planted
SELECT 'P07', variant, verdict, NULL, hno, pno FROM (
  SELECT hno, pno, row_number() OVER (ORDER BY draw) AS place FROM free JOIN (SELECT hno, pno, age, is_disabled, is_hardship, disability_level FROM person WHERE k = 1) USING (hno)
  WHERE class = 'exited' AND NOT is_minimum_living AND is_disabled AND NOT is_hardship AND disability_level = 4 AND age >= 20 AND pno IN (SELECT pno FROM c_disability GROUP BY pno HAVING count(*) = 1)
) JOIN (SELECT *, sum(number) OVER (ORDER BY variant) AS last FROM wish) ON place > last - number AND place <= last;
CREATE OR REPLACE TEMP TABLE card AS SELECT pno, variant FROM planted WHERE rule_id = 'P07';
UPDATE c_disability SET certified_date = '2009-06-29', certificate_expiry_date = CASE WHEN pno IN (SELECT pno FROM card WHERE variant = 'ends today') THEN CAST(getvariable('base') AS VARCHAR) ELSE CAST(getvariable('base') - 1 AS VARCHAR) END
WHERE pno IN (SELECT pno FROM card WHERE variant IN ('ended yesterday', 'ends today', 'called expired'));
UPDATE c_disability SET status_code = '4' WHERE pno IN (SELECT pno FROM card WHERE variant = 'called expired');
UPDATE c_disability SET disability_grade_code = '3' WHERE pno IN (SELECT pno FROM card WHERE variant = 'another grade than the number says');
UPDATE c_disability SET certificate_expiry_date = NULL WHERE pno IN (SELECT pno FROM card WHERE variant = 'without an end');
INSERT INTO c_disability BY NAME
SELECT c.* EXCLUDE (n) REPLACE (left(disability_cert_no, 20) || 'B9' AS disability_cert_no, '2009-01-04' AS certified_date, '2019-01-04' AS certificate_expiry_date, '4' AS status_code)
FROM c_disability c WHERE pno IN (SELECT pno FROM card WHERE variant = 'an old one beside the new');
