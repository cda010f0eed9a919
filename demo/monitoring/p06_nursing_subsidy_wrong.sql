-- P06 护理补贴漏发、错发: first and second grade without it, third and fourth with it; beside them first and second grade with it, cancelled certificates.
CREATE OR REPLACE TEMP TABLE wish AS FROM (VALUES ('second grade without the subsidy', '命中', TRUE, 3), ('third grade with the subsidy', '命中', FALSE, 2), ('second grade with the subsidy', '未命中', TRUE, 2), ('third grade without the subsidy', '未命中', FALSE, 2), ('cancelled and without the subsidy', '未命中', TRUE, 1)) t(variant, verdict, severe, number);
INSERT INTO planted
SELECT 'P06', variant, verdict, NULL, hno, pno FROM (
  SELECT hno, pno, severe, row_number() OVER (PARTITION BY severe ORDER BY draw) AS place FROM (
    SELECT hno, pno, draw, disability_level < 3 AS severe FROM free JOIN (SELECT hno, pno, age, is_disabled, is_hardship, disability_level FROM person WHERE k = 1) USING (hno)
    WHERE class = 'exited' AND NOT is_minimum_living AND is_disabled AND NOT is_hardship AND age >= 60)
) JOIN (SELECT *, sum(number) OVER (PARTITION BY severe ORDER BY variant) AS last FROM wish) USING (severe) WHERE place > last - number AND place <= last;
UPDATE c_disability SET nursing_subsidy_yuan = NULL, nursing_subsidy_start_month = NULL WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'P06' AND variant LIKE '%without%');
UPDATE c_disability SET nursing_subsidy_yuan = '80.00', nursing_subsidy_start_month = '2018-01' WHERE status_code = '1' AND pno IN (SELECT pno FROM planted WHERE rule_id = 'P06' AND variant = 'third grade with the subsidy');
UPDATE c_disability SET status_code = '3' WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'P06' AND variant = 'cancelled and without the subsidy');
