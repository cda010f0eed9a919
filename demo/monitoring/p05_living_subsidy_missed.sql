-- P05 困难残疾人生活补贴漏发: on the allowance with a valid certificate and no subsidy, or one that ended; beside them one that ends with the month, cancelled certificates, and disabled people without the allowance.
CREATE OR REPLACE TEMP TABLE wish AS FROM (VALUES ('no subsidy', '命中', 3), ('subsidy ended in March', '命中', 2), ('subsidy ends with the month', '未命中', 2), ('certificate cancelled', '未命中', 1)) t(variant, verdict, number);
CREATE OR REPLACE TEMP TABLE able AS
SELECT hno, pno, draw, place FROM (
  SELECT hno, pno, draw, row_number() OVER (PARTITION BY hno ORDER BY pno) AS turn, 0 AS place FROM free JOIN (SELECT hno, pno, age, is_disabled, is_hardship, disability_level, is_minimum_living AS is_allowed FROM person) USING (hno)
  WHERE class = 'exited' AND is_allowed AND is_disabled AND NOT is_hardship AND age >= 60 AND disability_level > 2) WHERE turn = 1;
INSERT INTO planted
SELECT 'P05', variant, verdict, NULL, hno, pno FROM (SELECT hno, pno, row_number() OVER (ORDER BY draw) AS place FROM able) JOIN (SELECT *, sum(number) OVER (ORDER BY variant) AS last FROM wish) ON place > last - number AND place <= last;
INSERT INTO planted
SELECT 'P05', 'not on the allowance', '未命中', NULL, hno, pno FROM free JOIN (SELECT hno, pno, is_disabled, is_hardship FROM person WHERE k = 1) USING (hno) WHERE class = 'exited' AND NOT is_minimum_living AND is_disabled AND NOT is_hardship ORDER BY draw LIMIT wanted(2);
UPDATE c_disability SET living_subsidy_yuan = NULL, living_subsidy_start_month = NULL WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'P05' AND variant IN ('no subsidy', 'certificate cancelled'));
UPDATE c_disability SET living_subsidy_end_month = CASE WHEN pno IN (SELECT pno FROM planted WHERE variant = 'subsidy ended in March') THEN '2019-03' ELSE '2019-06' END
WHERE living_subsidy_yuan IS NOT NULL AND pno IN (SELECT pno FROM planted WHERE rule_id = 'P05' AND variant LIKE 'subsidy end%');
UPDATE c_disability SET status_code = '3' WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'P05' AND variant = 'certificate cancelled');
DROP TABLE able;
