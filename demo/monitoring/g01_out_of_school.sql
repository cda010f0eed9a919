-- G01 失学辍学: the county's own drop-outs; beside them children whose excuse has no proof, and the many who only look like drop-outs.
INSERT INTO planted SELECT 'G01', 'dropped out in the county', '命中', NULL, hno, pno FROM person WHERE is_dropout AND NOT is_dead;
-- Pupils without an id whose J number links to nobody: there is somebody of their name and birth date in school. Their households may still be claimed.
INSERT INTO planted SELECT 'G01', 'a student number that links to nobody', '无法判定', NULL, hno, pno
FROM person WHERE is_pupil AND age BETWEEN 6 AND 15 AND birth_date <= DATE '2012-08-31' AND NOT is_dropout AND NOT is_dead AND u(pno, 'id kind') < 4000;

-- One school-age child, free of anything else, per free household.
CREATE OR REPLACE VIEW school_child AS
SELECT f.hno, min(p.pno) AS pno, any_value(f.class) AS class, any_value(f.draw) AS draw, any_value(f.is_minimum_living) AS is_minimum_living
FROM free f JOIN person p USING (hno) WHERE p.age BETWEEN 8 AND 14 AND NOT p.is_disabled GROUP BY f.hno;
CREATE OR REPLACE TABLE g01_kind AS FROM (VALUES
  ('no trace of a school', '命中', NULL, NULL, NULL, 0), ('studies elsewhere, they say', '命中', '1', NULL, NULL, 1), ('the proof is 366 days old', '命中', '1', '2018-06-29', NULL, 2),
  ('the proof ran out yesterday', '命中', '1', '2019-03-01', '2019-06-29', 3), ('nobody knows where the child is', '命中', '7', NULL, NULL, 4),
  ('the proof is 365 days old', '未命中', '1', '2018-06-30', NULL, 5), ('the proof ends today', '未命中', '1', '2017-09-01', '2019-06-30', 6), ('taught at home', '未命中', '2', NULL, NULL, 7),
  ('certified unable to learn', '未命中', '3', '2016-05-01', NULL, 8), ('allowed to begin later', '未命中', '4', '2018-08-20', NULL, 9),
  ('left with a transfer', '无法判定', NULL, NULL, NULL, 10)
) AS kind(variant, verdict, kind, proof_date, proof_expiry_date, place);
INSERT INTO planted
SELECT 'G01', variant, verdict, NULL, hno, pno FROM (SELECT *, row_number() OVER (ORDER BY draw) - 1 AS turn FROM school_child WHERE class = 'other')
JOIN g01_kind ON turn % 11 = place WHERE turn < 11 * wanted(2);
INSERT INTO planted
SELECT 'G01', 'finished junior school at fifteen', '未命中', NULL, hno, min(pno) FROM free JOIN person USING (hno)
WHERE class = 'other' AND age = 15 AND NOT is_disabled GROUP BY hno, draw ORDER BY draw LIMIT wanted(2);
INSERT INTO planted
SELECT 'G01', 'six years old after the school year began', '未命中', NULL, hno, min(pno) FROM free JOIN person USING (hno)
WHERE class = 'other' AND age = 6 AND birth_date > DATE '2012-08-31' AND NOT is_disabled GROUP BY hno, draw ORDER BY draw LIMIT wanted(3);

DELETE FROM c_education_enrollment WHERE pno IN (SELECT pno FROM planted JOIN g01_kind USING (variant) WHERE rule_id = 'G01' AND variant <> 'left with a transfer'
  UNION SELECT pno FROM planted WHERE rule_id = 'G01' AND starts_with(variant, 'six years old'));
DELETE FROM c_education_aid WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'G01');
UPDATE c_education_enrollment SET status_code = '3', is_attending = '否' WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'G01' AND variant = 'left with a transfer');
UPDATE c_education_enrollment SET status_code = '5', stage_code = '3', is_attending = '否' WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'G01' AND starts_with(variant, 'finished'));
DELETE FROM c_education_case WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'G01' AND variant <> 'dropped out in the county');
INSERT INTO c_education_case BY NAME
SELECT p.pno, 'KC2019G01' || digits(p.pno, 8) AS case_no, p.name, p.citizen_id, CAST(p.birth_date AS VARCHAR) AS birth_date, p.village_code, k.kind AS case_kind_code,
  CASE WHEN k.proof_date IS NOT NULL THEN '证明' END AS proof, k.proof_date, k.proof_expiry_date, '是' AS has_plan, '2019-04-01' AS plan_date, p.data_date, FALSE AS is_spare
FROM planted q JOIN g01_kind k USING (variant) JOIN person p USING (pno) WHERE q.rule_id = 'G01' AND k.kind IS NOT NULL;
