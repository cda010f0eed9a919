-- F08 受益户非建档、人数虚报: lists with people who are not registered, with two people of one family, or shorter than was reported; beside them facilities for all, posts for
-- two of one family, and a project that still pays out.
CREATE OR REPLACE TEMP TABLE listed AS
SELECT project_no, way, status, year, CASE WHEN way = '2' AND turn <= 2 THEN 'an outsider has goods' WHEN way = '2' THEN 'two of one family have goods' WHEN way = '5' THEN 'an outsider uses a road' WHEN way = '4' THEN 'posts for two of one family'
    WHEN status = '3' THEN 'runs, and reported more' ELSE 'reported more than it lists' END AS variant
FROM (SELECT *, row_number() OVER (PARTITION BY way, status = '3' ORDER BY draw) AS turn FROM free_project WHERE households > 0 AND status IN ('3', '4', '5', '6') AND year = 2019)
WHERE way IN ('2', '4', '5') AND status = '3' AND turn <= 4 OR way = '3' AND turn <= 3;
INSERT INTO taken_project SELECT project_no, variant FROM listed;
CREATE OR REPLACE TEMP TABLE outsider AS
SELECT person.*, row_number() OVER (ORDER BY person.pno) AS turn FROM (SELECT * FROM free WHERE class = 'other' ORDER BY draw LIMIT 8) f JOIN person ON person.hno = f.hno AND person.k = 1;
CREATE OR REPLACE TEMP TABLE family AS
SELECT person.*, f.turn FROM (SELECT *, row_number() OVER (ORDER BY draw) AS turn FROM (FROM free WHERE class = 'exited' AND size >= 2 AND hno NOT IN (SELECT hno FROM project_list()) ORDER BY draw LIMIT 8)) f JOIN person ON person.hno = f.hno AND person.k <= 2;
CREATE OR REPLACE TEMP TABLE added AS
SELECT p.*, l.project_no, l.way, l.variant
FROM (SELECT *, row_number() OVER (PARTITION BY variant LIKE 'an outsider%' ORDER BY project_no) AS turn FROM listed WHERE way IN ('2', '4', '5')) l
JOIN (SELECT pno, hno, household_id, name, citizen_id, turn, TRUE AS is_outside FROM outsider UNION ALL SELECT pno, hno, household_id, name, citizen_id, turn, FALSE FROM family) p ON p.turn = l.turn AND p.is_outside = (l.variant LIKE 'an outsider%');
INSERT INTO c_project_beneficiary BY NAME
SELECT pno, project_no, household_id, name, citizen_id, way AS benefit_way_code, CASE WHEN way = '2' THEN '10' END AS benefit_quantity, CASE WHEN way = '2' THEN '只' END AS quantity_unit, '2019-05-20' AS benefit_date, getvariable('as_of') AS data_date, FALSE AS is_spare
FROM added;
UPDATE c_project SET benefit_household_count = CAST(CAST(benefit_household_count AS INTEGER) + 1 AS VARCHAR), benefit_poor_household_count = CAST(CAST(benefit_poor_household_count AS INTEGER) + 1 AS VARCHAR),
  benefit_person_count = CAST(CAST(benefit_person_count AS INTEGER) + 1 AS VARCHAR), benefit_poor_person_count = CAST(CAST(benefit_poor_person_count AS INTEGER) + 1 AS VARCHAR)
WHERE project_no IN (SELECT project_no FROM listed WHERE variant IN ('runs, and reported more', 'reported more than it lists'));
INSERT INTO planted
SELECT DISTINCT 'F08', variant, CASE WHEN variant IN ('an outsider has goods', 'two of one family have goods', 'reported more than it lists') THEN '命中' ELSE '未命中' END, project_no, hno, NULL FROM listed LEFT JOIN added USING (project_no, variant);
