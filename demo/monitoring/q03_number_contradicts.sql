-- Q03 证号与出生日期、性别不符: born a day later than the number says, of the other sex; beside them who left his birth date out and whose fifteen digits agree.
CREATE OR REPLACE TEMP TABLE wish AS FROM (VALUES ('born a day later', '命中', 2), ('of the other sex', '命中', 2), ('fifteen digits that agree', '未命中', 1), ('no birth date', '无法判定', 1)) t(variant, verdict, number);
INSERT INTO planted
SELECT 'Q03', variant, verdict, NULL, hno, pno FROM (
  SELECT hno, pno, row_number() OVER (ORDER BY draw) AS place FROM free JOIN (SELECT hno, pno, age, is_disabled FROM person WHERE k = 1 AND size = 1) USING (hno) WHERE class = 'exited' AND NOT is_minimum_living AND NOT is_disabled AND age BETWEEN 45 AND 55
) JOIN (SELECT *, sum(number) OVER (ORDER BY variant) AS last FROM wish) ON place > last - number AND place <= last;
UPDATE c_registry_person SET birth_date = CAST(CAST(birth_date AS DATE) + 1 AS VARCHAR) WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'Q03' AND variant = 'born a day later');
UPDATE c_registry_person SET sex_code = CASE sex_code WHEN '1' THEN '2' ELSE '1' END WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'Q03' AND variant = 'of the other sex');
UPDATE c_registry_person SET birth_date = NULL WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'Q03' AND variant = 'no birth date');
UPDATE c_registry_person SET citizen_id = left(citizen_id, 6) || substr(citizen_id, 9, 9) WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'Q03' AND variant = 'fifteen digits that agree');
INSERT INTO planted SELECT 'Q01', 'fifteen digits that agree with the birth date', '命中', NULL, hno, pno FROM planted WHERE rule_id = 'Q03' AND variant = 'fifteen digits that agree';
