-- G10 住D级危房: the county's own houses rated D; beside them houses rated D that were rebuilt, stand empty, or whose family was rehoused.
INSERT INTO planted SELECT 'G10', 'rated D in the county', '命中', household_id, hno, NULL FROM person WHERE k = 1 AND has_house_d;
CREATE OR REPLACE TABLE g10_kind AS FROM (VALUES
  ('rated D, nothing planned', '命中', 0), ('rated D, work has begun', '命中', 1), ('rated D, planned', '命中', 2), ('rebuilt before it was rated D', '命中', 3), ('rebuilt on the day of the rating', '未命中', 4),
  ('rebuilt since', '未命中', 5), ('lives in the village home since', '未命中', 6), ('the house rated D stands empty beside a safe one', '未命中', 7), ('registered as D, never assessed', '无法判定', 8)
) AS kind(variant, verdict, place);
INSERT INTO planted
SELECT 'G10', variant, verdict, household_id, hno, NULL FROM (
  SELECT *, row_number() OVER (ORDER BY draw) - 1 AS turn FROM free WHERE class = 'exited' AND hno NOT IN (SELECT hno FROM c_housing_renovation JOIN person USING (pno))
) JOIN g10_kind ON turn % 9 = place WHERE turn < 9 * wanted(2);
UPDATE c_housing_assessment SET grade_code = 'D', assessed_date = '2019-03-01', built_year = '1975', structure_code = '4'
WHERE pno IN (SELECT p.pno FROM person p JOIN planted q USING (hno) WHERE q.rule_id = 'G10' AND q.variant IN (SELECT variant FROM g10_kind) AND p.k = 1);
DELETE FROM c_housing_assessment WHERE pno IN (SELECT p.pno FROM person p JOIN planted q USING (hno) WHERE q.rule_id = 'G10' AND q.variant LIKE '%never assessed');
UPDATE c_registry_household SET house_grade_code = 'D' WHERE pno IN (SELECT p.pno FROM person p JOIN planted q USING (hno) WHERE q.rule_id = 'G10' AND q.variant LIKE '%never assessed' AND p.k = 1);
UPDATE c_housing_assessment SET occupancy_code = '2' WHERE pno IN (SELECT p.pno FROM person p JOIN planted q USING (hno) WHERE q.rule_id = 'G10' AND q.variant LIKE '%stands empty%' AND p.k = 1);
INSERT INTO c_housing_assessment BY NAME
SELECT c.* EXCLUDE (n) REPLACE ('BZG10-' || report_no AS report_no, 'A' AS grade_code, '1' AS occupancy_code, '2017-05-01' AS assessed_date, '2005' AS built_year, '2' AS structure_code)
FROM c_housing_assessment c JOIN person p USING (pno) JOIN planted q USING (hno) WHERE q.rule_id = 'G10' AND q.variant LIKE '%stands empty%' AND p.k = 1;
INSERT INTO c_housing_renovation BY NAME
SELECT p.pno, 'WGG10' || digits(p.hno, 9) AS archive_no, '2019' AS year, p.name AS head_name, p.citizen_id AS head_citizen_id, p.household_id, p.village_code, '1' AS renovation_category_code, 'D' AS grade_code,
  CASE WHEN q.variant LIKE '%village home%' THEN '6' ELSE '1' END AS renovation_way_code, '20000.00' AS subsidy_total_yuan, '5000.00' AS self_raised_yuan,
  CASE WHEN q.variant LIKE '%planned' OR q.variant LIKE '%village home%' THEN NULL WHEN q.variant LIKE 'rebuilt%' AND q.variant NOT LIKE '%since' THEN '2018-08-01' ELSE '2019-03-20' END AS started_date,
  CASE WHEN q.variant LIKE '%before%' THEN '2019-02-28' WHEN q.variant LIKE '%on the day%' THEN '2019-03-01' WHEN q.variant = 'rebuilt since' THEN '2019-05-20' END AS completed_date,
  CASE WHEN q.variant LIKE '%before%' OR q.variant LIKE '%on the day%' THEN '2019-03-10' WHEN q.variant = 'rebuilt since' THEN '2019-05-25' END AS accepted_date,
  CASE WHEN q.variant LIKE '%before%' OR q.variant LIKE '%on the day%' THEN '2019-03-12' WHEN q.variant = 'rebuilt since' OR q.variant LIKE '%village home%' THEN '2019-06-01' END AS moved_in_date,
  '是' AS has_photo_before, '是' AS has_photo_during, '是' AS has_photo_after, '2019-01-10' AS disclosed_date, p.data_date, FALSE AS is_spare
FROM planted q JOIN person p USING (hno) WHERE q.rule_id = 'G10' AND p.k = 1
  AND q.variant IN ('rated D, work has begun', 'rated D, planned', 'rebuilt before it was rated D', 'rebuilt on the day of the rating', 'rebuilt since', 'lives in the village home since');
-- Rated D after it was rebuilt: the renovation failed too.
INSERT INTO planted SELECT 'G11', 'rebuilt, then rated D', '命中', subject, hno, NULL FROM planted WHERE rule_id = 'G10' AND variant = 'rebuilt before it was rated D';
