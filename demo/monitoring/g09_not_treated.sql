-- G09 大病未救治、慢病未签约: more than ninety days after the diagnosis.
CREATE OR REPLACE TABLE g09_kind AS FROM (VALUES
  ('serious, untreated for 91 days', '命中', '1', '0', NULL, '2019-03-31', 0), ('serious, given up', '命中', '1', '4', NULL, '2018-05-01', 1), ('chronic, no doctor', '命中', '2', '3', '否', '2018-05-01', 2),
  ('chronic, no doctor for 91 days', '命中', '2', NULL, '否', '2019-03-31', 3), ('serious, diagnosed 90 days ago', '未命中', '1', '0', NULL, '2019-04-01', 4), ('handed over to chronic care', '未命中', '1', '3', NULL, '2018-05-01', 5),
  ('another disease', '未命中', '9', '0', '否', '2018-05-01', 6), ('died of it', '未命中', '1', '5', NULL, '2018-05-01', 7), ('nobody says since when', '无法判定', '1', '0', NULL, NULL, 8)
) AS kind(variant, verdict, kind, treatment, contracted, diagnosed, place);
INSERT INTO planted
SELECT 'G09', variant, verdict, NULL, hno, pno FROM (
  SELECT f.hno, min(p.pno) AS pno, row_number() OVER (ORDER BY any_value(f.draw)) - 1 AS turn FROM free f JOIN person p USING (hno) WHERE f.class = 'exited' AND p.age BETWEEN 30 AND 80 GROUP BY f.hno
) JOIN g09_kind ON turn % 9 = place WHERE turn < 9 * wanted(2);
DELETE FROM c_disease WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'G09');
INSERT INTO c_disease BY NAME
SELECT p.pno, p.name, p.citizen_id, k.kind AS disease_kind_code, CASE k.kind WHEN '1' THEN '胃癌' WHEN '2' THEN '高血压' ELSE '骨折' END AS disease, k.diagnosed AS diagnosed_date, k.treatment AS treatment_code,
  k.contracted AS is_contracted, p.data_date, FALSE AS is_spare
FROM planted q JOIN g09_kind k USING (variant) JOIN person p USING (pno) WHERE q.rule_id = 'G09';
