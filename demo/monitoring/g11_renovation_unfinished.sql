-- G11 C级未改造、竣工未入住、改造后又评C、D级: houses of the county that were repaired and are rated D all the same, and every kind of unfinished work.
INSERT INTO planted SELECT 'G11', 'repaired, then rated D in the county', '命中', household_id, hno, NULL FROM person WHERE k = 1 AND has_house_d AND pno IN (SELECT pno FROM c_housing_renovation);
CREATE OR REPLACE TABLE g11_kind AS FROM (VALUES
  ('C, nothing done', '命中', 'C', NULL, NULL, NULL, 0), ('finished 91 days ago, nobody lives there', '命中', 'A', '1', '2019-03-31', NULL, 1), ('repaired, then rated C', '命中', 'C', '2', '2018-10-01', NULL, 2), ('C, work has begun', '命中', 'C', '2', NULL, NULL, 3),
  ('finished 90 days ago, nobody lives there', '未命中', 'A', '1', '2019-04-01', NULL, 4), ('repaired in place, no date of moving in', '未命中', 'A', '2', '2018-10-01', NULL, 5), ('C, repaired since', '未命中', 'C', '2', '2019-05-10', NULL, 6),
  ('rated B after the repair', '未命中', 'B', '1', '2018-10-01', '2018-11-01', 7)
) AS kind(variant, verdict, grade, way, completed, moved_in, place);
INSERT INTO planted
SELECT 'G11', variant, verdict, household_id, hno, NULL FROM (
  SELECT *, row_number() OVER (ORDER BY draw) - 1 AS turn FROM free WHERE class = 'exited' AND hno NOT IN (SELECT hno FROM c_housing_renovation JOIN person USING (pno))
) JOIN g11_kind ON turn % 8 = place WHERE turn < 8 * wanted(2);
UPDATE c_housing_assessment SET grade_code = k.grade, assessed_date = '2019-01-15'
FROM planted q JOIN g11_kind k USING (variant) JOIN person p USING (hno) WHERE q.rule_id = 'G11' AND p.k = 1 AND p.pno = c_housing_assessment.pno;
INSERT INTO c_housing_renovation BY NAME
SELECT p.pno, 'WGG11' || digits(p.hno, 9) AS archive_no, '2018' AS year, p.name AS head_name, p.citizen_id AS head_citizen_id, p.household_id, p.village_code, '1' AS renovation_category_code, 'C' AS grade_code,
  k.way AS renovation_way_code, '10000.00' AS subsidy_total_yuan, '3000.00' AS self_raised_yuan, '2018-08-01' AS started_date, k.completed AS completed_date, k.completed AS accepted_date, k.moved_in AS moved_in_date,
  '是' AS has_photo_before, '是' AS has_photo_during, '是' AS has_photo_after, '2018-07-10' AS disclosed_date, p.data_date, FALSE AS is_spare
FROM planted q JOIN g11_kind k USING (variant) JOIN person p USING (hno) WHERE q.rule_id = 'G11' AND p.k = 1 AND k.way IS NOT NULL;
