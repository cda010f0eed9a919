-- Q01 证件号码不合规: a number of fifteen digits, a small child without a number; beside them a child of some weeks without one and a certificate of the disabled in the number's place.
CREATE OR REPLACE TEMP TABLE wish AS FROM (VALUES ('fifteen digits', '命中', 3), ('a certificate of the disabled', '未命中', 2)) t(variant, verdict, number);
INSERT INTO planted
SELECT 'Q01', variant, verdict, NULL, hno, pno FROM (
  SELECT kind, hno, pno, row_number() OVER (PARTITION BY kind ORDER BY draw) AS place FROM (
    SELECT f.hno, f.draw, p.pno, CASE WHEN length(c.citizen_id) = 20 THEN 'a certificate of the disabled' WHEN year(p.birth_date) BETWEEN 1930 AND 1999 THEN 'fifteen digits' END AS kind
    FROM free f JOIN (SELECT hno, pno, birth_date, size FROM person WHERE k = 1) p USING (hno) JOIN (SELECT pno, citizen_id FROM c_registry_person) c USING (pno) WHERE f.class = 'exited' AND p.size > 1)
) JOIN wish ON wish.variant = kind AND place <= number;
UPDATE c_registry_person SET citizen_id = left(citizen_id, 6) || substr(citizen_id, 9, 9) WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'Q01' AND variant = 'fifteen digits');
-- Whoever is too young for a school or a job is looked for by hardly any other rule: without a number the lists of the insured do not have him.
CREATE OR REPLACE TEMP TABLE nameless AS
SELECT hno, pno, CASE WHEN age BETWEEN 1 AND 2 THEN 'a small child without a number' ELSE 'born some weeks ago' END AS variant FROM (
  SELECT f.hno, f.draw, p.pno, p.age, row_number() OVER (PARTITION BY f.hno ORDER BY p.pno) AS turn, row_number() OVER (PARTITION BY p.age >= 1 ORDER BY f.draw, p.pno) AS place
  FROM free f JOIN (SELECT hno, pno, age, birth_date, is_disabled FROM person) p USING (hno)
  WHERE f.class = 'exited' AND NOT f.is_minimum_living AND NOT p.is_disabled AND (p.age BETWEEN 1 AND 2 OR p.birth_date >= getvariable('base') - 30)
) WHERE turn = 1 AND place <= 3;
INSERT INTO planted SELECT 'Q01', variant, CASE variant WHEN 'born some weeks ago' THEN '未命中' ELSE '命中' END, NULL, hno, pno FROM nameless;
INSERT INTO planted SELECT 'Q04', 'nobody can tell: ' || variant, '无法判定', NULL, hno, pno FROM nameless;
-- Without a number he is not among the insured whom the other departments' lists know.
INSERT INTO planted SELECT 'G06', variant, '命中', NULL, hno, pno FROM nameless WHERE variant = 'a small child without a number';
INSERT INTO planted SELECT 'G15', 'exited all the same: ' || variant, '命中', household_id, hno, NULL FROM nameless JOIN (SELECT hno, household_id FROM person WHERE k = 1) USING (hno) WHERE variant = 'a small child without a number';
UPDATE c_registry_person SET citizen_id = NULL WHERE pno IN (SELECT pno FROM nameless);
