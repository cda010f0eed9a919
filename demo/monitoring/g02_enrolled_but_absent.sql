-- G02 在籍不在校: pupils who stay away ten school days and more; those of nine, those taught at home and those with a proof only look like it.
CREATE OR REPLACE TABLE g02_kind AS FROM (VALUES
  ('away since April', '命中', '5', '2019-04-01', NULL, 0), ('away for exactly ten school days', '命中', '5', '2019-06-17', NULL, 1), ('claims to study elsewhere, no proof', '命中', '1', '2019-05-06', NULL, 2),
  ('away for nine school days', '未命中', '5', '2019-06-18', NULL, 3), ('away with a proof of another school', '未命中', '1', '2019-03-04', '2019-03-01', 4), ('taught at home', '未命中', NULL, NULL, NULL, 5),
  ('nobody says since when', '无法判定', NULL, NULL, NULL, 6), ('nobody says whether there', '无法判定', NULL, NULL, NULL, 7)
) AS kind(variant, verdict, kind, absent_from_date, proof_date, place);
INSERT INTO planted
SELECT 'G02', variant, verdict, NULL, hno, pno FROM (SELECT *, row_number() OVER (ORDER BY draw) - 1 AS turn FROM school_child WHERE class = 'other')
JOIN g02_kind ON turn % 8 = place WHERE turn < 8 * wanted(2);
UPDATE c_education_enrollment SET is_attending = CASE (SELECT min(variant) FROM planted q WHERE q.pno = c_education_enrollment.pno AND rule_id = 'G02') WHEN 'nobody says whether there' THEN NULL ELSE '否' END,
  stage_code = CASE (SELECT min(variant) FROM planted q WHERE q.pno = c_education_enrollment.pno AND rule_id = 'G02') WHEN 'taught at home' THEN '7' ELSE stage_code END
WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'G02');
DELETE FROM c_education_case WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'G02');
INSERT INTO c_education_case BY NAME
SELECT p.pno, 'KC2019G02' || digits(p.pno, 8) AS case_no, p.name, p.citizen_id, CAST(p.birth_date AS VARCHAR) AS birth_date, p.village_code, k.kind AS case_kind_code,
  CASE WHEN k.proof_date IS NOT NULL THEN '在读证明' END AS proof, k.proof_date, k.absent_from_date, '是' AS has_plan, '2019-06-20' AS plan_date, p.data_date, FALSE AS is_spare
FROM planted q JOIN g02_kind k USING (variant) JOIN person p USING (pno) WHERE q.rule_id = 'G02' AND k.kind IS NOT NULL;
