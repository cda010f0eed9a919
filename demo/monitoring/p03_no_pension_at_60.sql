-- P03 年满60周岁未领取: not on any list, stopped, insured and never paid; beside them who is paid although the list says no, and who is nearly sixty.
CREATE OR REPLACE TEMP TABLE wish AS FROM (VALUES ('on no list', '命中', 2), ('payment stopped', '命中', 2), ('still paying in', '命中', 1), ('paid although the list says no', '未命中', 2)) t(variant, verdict, number);
INSERT INTO planted
SELECT 'P03', variant, verdict, NULL, hno, pno FROM (
  SELECT hno, pno, row_number() OVER (ORDER BY draw) AS place FROM free JOIN (SELECT hno, pno, k, age FROM person) USING (hno) WHERE class = 'exited' AND k = 1 AND age BETWEEN 62 AND 78
) JOIN (SELECT *, sum(number) OVER (ORDER BY variant) AS last FROM wish) ON place > last - number AND place <= last;
INSERT INTO planted
SELECT 'P03', 'not yet sixty', '未命中', NULL, hno, pno FROM free JOIN (SELECT hno, pno, k, age FROM person) USING (hno) WHERE class = 'exited' AND k = 1 AND age = 59 ORDER BY draw LIMIT wanted(2);
DELETE FROM c_social_insurance WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'P03' AND variant = 'on no list');
UPDATE c_social_insurance SET receiving_code = '2' WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'P03' AND variant = 'payment stopped');
UPDATE c_social_insurance SET receiving_code = '0', status_code = '1', pension_start_month = NULL, monthly_pension_yuan = '0.00'
WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'P03' AND variant IN ('still paying in', 'paid although the list says no'));
DELETE FROM c_pension_payment WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'P03' AND verdict = '命中');
