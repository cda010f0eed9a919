-- T02 帮扶责任人空档或走访逾期: nobody in office, the last visit ninety-one days ago, only telephoned; ninety days, a new helper, and who is beyond all policy.
CREATE OR REPLACE TABLE t02_kind AS FROM (VALUES
  ('the helper left in March', '命中', 0), ('never had a helper', '命中', 1), ('last visited 91 days ago', '命中', 2), ('only telephoned', '命中', 3),
  ('last visited 90 days ago', '未命中', 4), ('a helper new in May, no visit yet', '未命中', 5), ('another helper has taken over', '未命中', 6)
) AS kind(variant, verdict, place);
INSERT INTO planted
SELECT 'T02', variant, verdict, household_id, hno, NULL
FROM (SELECT f.*, row_number() OVER (ORDER BY draw) - 1 AS turn FROM free f JOIN household h USING (hno) WHERE class = 'exited' AND h.poverty_status = '1') JOIN t02_kind ON turn % 7 = place WHERE turn < 7 * wanted(2);
INSERT INTO planted
SELECT 'T02', 'no longer under any policy', '未命中', household_id, hno, NULL FROM free f JOIN household h USING (hno) WHERE class = 'exited' AND h.poverty_status = '4' ORDER BY draw LIMIT wanted(2);
CREATE OR REPLACE TABLE t02 AS SELECT subject AS household_id, variant FROM planted WHERE rule_id = 'T02';
DELETE FROM c_visit WHERE household_id IN (SELECT household_id FROM t02 WHERE variant IN ('no longer under any policy', 'a helper new in May, no visit yet'));
DELETE FROM c_visit WHERE household_id IN (SELECT household_id FROM t02 WHERE variant LIKE 'last visited%') AND visit_content_code = '2';
DELETE FROM c_helper_assignment WHERE household_id IN (SELECT household_id FROM t02 WHERE variant IN ('never had a helper', 'no longer under any policy'));
UPDATE c_helper_assignment SET to_date = '2019-03-01' WHERE household_id IN (SELECT household_id FROM t02 WHERE variant = 'the helper left in March') AND to_date IS NULL;
UPDATE c_helper_assignment SET from_date = '2019-05-01' WHERE household_id IN (SELECT household_id FROM t02 WHERE variant = 'a helper new in May, no visit yet') AND to_date IS NULL;
UPDATE c_visit SET visit_way_code = '2' WHERE household_id IN (SELECT household_id FROM t02 WHERE variant = 'only telephoned') AND visit_content_code = '2';
UPDATE c_visit SET visit_date = '2019-01-20' WHERE household_id IN (SELECT household_id FROM t02 WHERE variant = 'only telephoned') AND visit_content_code = '1';
UPDATE c_visit SET visit_date = CAST(CAST(getvariable('as_of') AS DATE) - CASE WHEN variant = 'last visited 91 days ago' THEN 91 ELSE 90 END AS VARCHAR) FROM t02 WHERE t02.household_id = c_visit.household_id AND variant LIKE 'last visited%';
INSERT INTO c_helper_assignment BY NAME
SELECT c.* EXCLUDE (n) REPLACE (family(-7 * c.pno) || given(-7 * c.pno, TRUE) AS helper_name, '2019-04-01' AS from_date) FROM c_helper_assignment c JOIN t02 USING (household_id) WHERE variant = 'another helper has taken over' AND to_date IS NULL;
UPDATE c_helper_assignment SET to_date = '2019-03-01' WHERE household_id IN (SELECT household_id FROM t02 WHERE variant = 'another helper has taken over') AND to_date IS NULL AND from_date < '2019-04-01';
