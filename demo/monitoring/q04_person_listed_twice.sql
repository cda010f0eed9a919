-- Q04 一人多户: listed with relatives too, listed twice at home; beside them who is also listed under a number that no household has any more.
CREATE OR REPLACE TEMP TABLE wish AS FROM (VALUES ('listed with relatives too', '命中', 2), ('twice at home', '命中', 1), ('under a number of the past', '未命中', 2)) t(variant, verdict, number);
-- The first of two households keeps the person: the smaller number. The other one says one member more, and his share of the income.
CREATE OR REPLACE TEMP TABLE listed_twice AS
SELECT variant, verdict, hno, pno, household_id, person_id FROM (
  SELECT hno, pno, household_id, person_id, row_number() OVER (ORDER BY draw) AS place FROM free JOIN (SELECT hno, pno, person_id, age, is_disabled, is_hardship FROM person WHERE k = 2) USING (hno)
  WHERE class = 'exited' AND NOT is_minimum_living AND NOT is_disabled AND NOT is_hardship AND age BETWEEN 26 AND 55
) JOIN (SELECT *, sum(number) OVER (ORDER BY variant) AS last FROM wish) ON place > last - number AND place <= last;
INSERT INTO planted SELECT 'Q04', variant, verdict, NULL, hno, pno FROM listed_twice;
CREATE OR REPLACE TEMP TABLE relatives AS
SELECT l.pno, h.hno AS home, h.household_id AS home_id FROM (SELECT pno, row_number() OVER (ORDER BY pno) AS turn FROM listed_twice WHERE variant = 'listed with relatives too') l
JOIN (SELECT hno, household_id, row_number() OVER (ORDER BY hno DESC) AS turn FROM free WHERE class = 'exited' AND NOT is_minimum_living AND size > 1 AND disabled = 0 AND hno > (SELECT max(hno) FROM listed_twice)) h USING (turn);
INSERT INTO planted SELECT 'Q06', 'the same person twice at home', '未命中', household_id, hno, NULL FROM listed_twice WHERE variant = 'twice at home';
INSERT INTO planted SELECT 'Q06', 'a member who is listed elsewhere too', '未命中', home_id, home, NULL FROM relatives;
INSERT INTO c_registry_person BY NAME
SELECT c.* EXCLUDE (n) REPLACE (coalesce(r.home_id, CASE l.variant WHEN 'twice at home' THEN c.household_id ELSE '21999' || substr(c.household_id, 6) END) AS household_id,
  coalesce(r.home_id, CASE l.variant WHEN 'twice at home' THEN c.household_id ELSE '21999' || substr(c.household_id, 6) END) || '91' AS person_id, '99' AS relation_code)
FROM c_registry_person c JOIN (SELECT pno, variant FROM listed_twice) l USING (pno) LEFT JOIN (SELECT pno, home_id FROM relatives) r USING (pno);
CREATE OR REPLACE TEMP TABLE one_more AS SELECT home_id AS household_id, 1 AS more FROM relatives;
