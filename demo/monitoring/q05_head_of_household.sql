-- Q05 户主异常: no head, two heads, a spouse of the head's own sex; beside them a son-in-law of the head's sex, and a spouse whose sex was left out.
CREATE OR REPLACE TEMP TABLE wish AS FROM (VALUES ('no head', '命中', FALSE, 2), ('two heads', '命中', FALSE, 2), ('a spouse whose sex was left out', '无法判定', FALSE, 1), ('a spouse of the same sex', '命中', TRUE, 2), ('a son-in-law or daughter-in-law of the same sex', '未命中', TRUE, 2)) t(variant, verdict, is_like, number);
CREATE OR REPLACE TEMP TABLE couple AS
SELECT variant, verdict, hno, household_id, first, second FROM (
  SELECT f.hno, f.household_id, h.pno AS first, s.pno AS second, h.is_male = s.is_male AS is_like, row_number() OVER (PARTITION BY h.is_male = s.is_male ORDER BY f.draw) AS place
  FROM free f JOIN (SELECT hno, pno, is_male FROM person WHERE k = 1) h USING (hno) JOIN (SELECT hno, pno, is_male FROM person WHERE k = 2) s USING (hno) WHERE f.class = 'exited' AND NOT f.is_minimum_living AND f.disabled = 0
) JOIN (SELECT *, sum(number) OVER (PARTITION BY is_like ORDER BY variant) AS last FROM wish) USING (is_like) WHERE place > last - number AND place <= last;
INSERT INTO planted SELECT 'Q05', variant, verdict, household_id, hno, NULL FROM couple;
UPDATE c_registry_person SET relation_code = '99' WHERE pno IN (SELECT first FROM couple WHERE variant = 'no head');
UPDATE c_registry_person SET relation_code = '01' WHERE pno IN (SELECT second FROM couple WHERE variant = 'two heads');
UPDATE c_registry_person SET relation_code = '02' WHERE pno IN (SELECT second FROM couple WHERE variant LIKE 'a spouse%');
UPDATE c_registry_person SET sex_code = NULL WHERE pno IN (SELECT second FROM couple WHERE variant = 'a spouse whose sex was left out');
UPDATE c_registry_person SET relation_code = CASE sex_code WHEN '1' THEN '06' ELSE '05' END WHERE pno IN (SELECT second FROM couple WHERE variant LIKE 'a son-in-law%');
