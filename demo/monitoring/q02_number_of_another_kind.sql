-- Q02 证件类型与号码不符: a certificate under the kind of an id card, an id under that of a certificate; beside them both as they should be, and a kind that nobody filled in.
CREATE OR REPLACE TEMP TABLE wish AS FROM (VALUES ('a certificate called an id card', '命中', TRUE, 2), ('a certificate called one', '未命中', TRUE, 1), ('an id called a certificate', '命中', FALSE, 2), ('a disabled person with his id', '未命中', FALSE, 1), ('of no kind', '无法判定', FALSE, 1)) t(variant, verdict, has_certificate, number);
INSERT INTO planted
SELECT 'Q02', variant, verdict, NULL, hno, pno FROM (
  SELECT hno, pno, length(citizen_id) = 20 AS has_certificate, row_number() OVER (PARTITION BY length(citizen_id) = 20 ORDER BY draw) AS place
  FROM free JOIN (SELECT hno, pno, is_disabled FROM person WHERE k = 1) USING (hno) JOIN (SELECT pno, citizen_id FROM c_registry_person) USING (pno) WHERE class = 'exited' AND is_disabled
) JOIN (SELECT *, sum(number) OVER (PARTITION BY has_certificate ORDER BY variant) AS last FROM wish) USING (has_certificate) WHERE place > last - number AND place <= last;
UPDATE c_registry_person SET id_type_code = CASE WHEN pno IN (SELECT pno FROM planted WHERE rule_id = 'Q02' AND variant = 'a certificate called an id card') THEN '01' WHEN pno IN (SELECT pno FROM planted WHERE rule_id = 'Q02' AND variant = 'an id called a certificate') THEN '09' END
WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'Q02' AND variant IN ('a certificate called an id card', 'an id called a certificate', 'of no kind'));
