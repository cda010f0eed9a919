-- G03 未入学残疾儿童: children with a certificate, out of school, for whom nobody has made a plan. Who has neither school nor excuse is a drop-out too (G01).
-- Disabled children of the county who dropped out and for whom no plan was noted.
INSERT INTO planted
SELECT 'G03', 'dropped out in the county, no plan', '命中', NULL, hno, pno FROM person
WHERE is_dropout AND NOT is_dead AND pno IN (SELECT pno FROM c_disability WHERE status_code <> '3') AND pno NOT IN (SELECT pno FROM c_education_case WHERE has_plan = '是');
CREATE OR REPLACE TABLE g03_kind AS FROM (VALUES
  ('in no school and on no list', '命中', NULL, NULL, '1', 0), ('certified unable to learn, no plan', '命中', '3', '否', '1', 1), ('a frozen certificate', '命中', NULL, NULL, '2', 2), ('allowed to begin later, no plan', '命中', '4', '否', '1', 3),
  ('certified unable to learn, with a plan', '未命中', '3', '是', '1', 4), ('a drop-out with a plan', '未命中', '5', '是', '1', 5), ('taught at home', '未命中', '2', '是', '1', 6),
  ('a cancelled certificate', '未命中', NULL, NULL, '3', 7), ('in school', '未命中', NULL, NULL, '1', 8), ('nobody says whether there is a plan', '无法判定', '3', NULL, '1', 9)
) AS kind(variant, verdict, kind, has_plan, certificate, place);
INSERT INTO planted
SELECT 'G03', variant, verdict, NULL, hno, pno FROM (SELECT *, row_number() OVER (ORDER BY draw) - 1 AS turn FROM school_child WHERE class = 'other' AND NOT is_minimum_living)
JOIN g03_kind ON turn % 10 = place WHERE turn < 10 * wanted(2);
INSERT INTO planted
SELECT 'G01', 'disabled, in no school', '命中', NULL, hno, pno FROM planted
WHERE rule_id = 'G03' AND variant IN ('in no school and on no list', 'a frozen certificate', 'a drop-out with a plan', 'a cancelled certificate');
DELETE FROM c_education_enrollment WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'G03' AND variant <> 'in school' AND variant IN (SELECT variant FROM g03_kind));
DELETE FROM c_education_aid WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'G03' AND variant IN (SELECT variant FROM g03_kind));
DELETE FROM c_education_case WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'G03' AND variant IN (SELECT variant FROM g03_kind));
INSERT INTO c_disability BY NAME
SELECT p.pno, p.name, p.citizen_id, p.citizen_id || '43' AS disability_cert_no, '4' AS disability_category_code, '3' AS disability_grade_code, '2016-03-10' AS certified_date,
  '2026-03-10' AS certificate_expiry_date, k.certificate AS status_code, p.data_date, FALSE AS is_spare
FROM planted q JOIN g03_kind k USING (variant) JOIN person p USING (pno) WHERE q.rule_id = 'G03';
INSERT INTO c_education_case BY NAME
SELECT p.pno, 'KC2019G03' || digits(p.pno, 8) AS case_no, p.name, p.citizen_id, CAST(p.birth_date AS VARCHAR) AS birth_date, p.village_code, k.kind AS case_kind_code,
  CASE WHEN k.kind IN ('3', '4') THEN '鉴定证明' END AS proof, CASE WHEN k.kind IN ('3', '4') THEN '2018-09-01' END AS proof_date, k.has_plan,
  CASE WHEN k.has_plan = '是' THEN '2018-10-01' END AS plan_date, p.data_date, FALSE AS is_spare
FROM planted q JOIN g03_kind k USING (variant) JOIN person p USING (pno) WHERE q.rule_id = 'G03' AND k.kind IS NOT NULL;
