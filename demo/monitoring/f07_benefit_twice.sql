-- F07 重复享受: households that have goods from two projects of one kind in one year, or whose house was rebuilt twice; beside them two instalments of one project, goods and a
-- dividend, two years, and ten years between two renovations.
CREATE OR REPLACE TEMP TABLE twice AS
SELECT *, row_number() OVER (ORDER BY draw) AS turn FROM free WHERE class = 'exited' AND hno NOT IN (SELECT hno FROM project_list()) AND household_id NOT IN (SELECT household_id FROM c_housing_renovation WHERE household_id IS NOT NULL)
  AND hno NOT IN (SELECT hno FROM c_housing_renovation JOIN person USING (pno)) ORDER BY draw LIMIT wanted(3) * 6;
ALTER TABLE twice ADD COLUMN variant VARCHAR;
UPDATE twice SET variant = ['two projects in one year', 'rebuilt twice in six years', 'two instalments', 'goods and a dividend', 'two years', 'rebuilt after ten years'][CAST((turn - 1) % 6 + 1 AS INTEGER)];
INSERT INTO planted SELECT 'F07', variant, CASE WHEN variant IN ('two projects in one year', 'rebuilt twice in six years') THEN '命中' ELSE '未命中' END, household_id, hno, NULL FROM twice;
CREATE OR REPLACE TEMP TABLE running AS
SELECT project_no, way, year, row_number() OVER (PARTITION BY year, way ORDER BY draw) AS turn FROM free_project WHERE class = '01' AND way IN ('2', '3') AND status = '3' OR class = '01' AND way = '2' AND year = 2018;
INSERT INTO taken_project SELECT project_no, 'goods' FROM running WHERE turn <= 2;
INSERT INTO c_project_beneficiary BY NAME
SELECT person.pno, r.project_no, person.household_id, name, citizen_id, r.way AS benefit_way_code, CASE WHEN r.way = '3' THEN '300.00' END AS benefit_yuan, CASE WHEN r.way = '2' THEN '20' END AS benefit_quantity, CASE WHEN r.way = '2' THEN '只' END AS quantity_unit,
  r.day AS benefit_date, getvariable('as_of') AS data_date, FALSE AS is_spare
FROM twice JOIN person ON person.hno = twice.hno AND person.k = 1 JOIN (
  SELECT 'two projects in one year' AS variant, project_no, way, '2019-05-1' || CAST(turn AS VARCHAR) AS day FROM running WHERE year = 2019 AND way = '2' AND turn <= 2
  UNION ALL SELECT 'two instalments', project_no, way, unnest(['2019-04-11', '2019-06-11']) FROM running WHERE year = 2019 AND way = '2' AND turn = 1
  UNION ALL SELECT 'goods and a dividend', project_no, way, '2019-05-21' FROM running WHERE year = 2019 AND turn = 1
  UNION ALL SELECT 'two years', project_no, way, CAST(year AS VARCHAR) || '-05-11' FROM running WHERE way = '2' AND turn = 1) r ON r.variant = twice.variant;
INSERT INTO c_housing_renovation BY NAME
SELECT template.* EXCLUDE (n) REPLACE (person.pno AS pno, 'WG' || CAST(r.year AS VARCHAR) || digits(person.hno, 9) AS archive_no, CAST(r.year AS VARCHAR) AS year, person.name AS head_name, person.citizen_id AS head_citizen_id, person.household_id AS household_id,
  CAST(person.size AS VARCHAR) AS member_count, person.village_code AS village_code, person.town_name || person.village_name AS address, person.name AS account_name, '2199' || digits(person.hno, 9) || '0001' AS bank_account,
  CAST(r.year AS VARCHAR) || '-04-01' AS started_date, CAST(r.year AS VARCHAR) || '-07-01' AS completed_date, CAST(r.year AS VARCHAR) || '-08-01' AS accepted_date, CAST(r.year AS VARCHAR) || '-09-01' AS moved_in_date,
  CAST(r.year AS VARCHAR) || '-03-01' AS disclosed_date, CAST(r.year AS VARCHAR) || '-10-01' AS payout_date, FALSE AS is_spare)
FROM twice JOIN person ON person.hno = twice.hno AND person.k = 1 JOIN (VALUES ('rebuilt twice in six years', 2012), ('rebuilt twice in six years', 2018), ('rebuilt after ten years', 2008), ('rebuilt after ten years', 2018)) r(variant, year) ON r.variant = twice.variant
CROSS JOIN (SELECT * FROM c_housing_renovation ORDER BY n LIMIT 1) template;
