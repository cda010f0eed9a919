-- G04 资助应享未享: boarders of registered households who got nothing, or less than the standard, this spring.
CREATE OR REPLACE TABLE g04_kind AS FROM (VALUES
  ('nothing at all', '命中', 0), ('only the autumn was paid', '命中', 1), ('one fen below the standard', '命中', 2), ('only another kind of aid', '命中', 3),
  ('exactly the standard', '未命中', 4), ('paid in two parts', '未命中', 5), ('entered school this week', '未命中', 6)
) AS kind(variant, verdict, place);
CREATE OR REPLACE VIEW boarder AS
SELECT f.hno, min(p.pno) AS pno, any_value(f.draw) AS draw FROM free f JOIN person p USING (hno) JOIN household h USING (hno)
WHERE f.class = 'exited' AND h.poverty_status = '1' AND p.age BETWEEN 12 AND 15 AND p.is_pupil AND u(p.pno, 'boarding') < 400000 AND u(p.pno, 'id kind') >= 4000 GROUP BY f.hno;
INSERT INTO planted
SELECT 'G04', variant, verdict, NULL, hno, pno FROM (SELECT *, row_number() OVER (ORDER BY draw) - 1 AS turn FROM boarder) JOIN g04_kind ON turn % 7 = place WHERE turn < 7 * wanted(2);
INSERT INTO planted
SELECT 'G04', 'no longer entitled', '未命中', NULL, f.hno, min(p.pno) FROM free f JOIN person p USING (hno) JOIN household h USING (hno)
WHERE h.poverty_status = '4' AND p.age BETWEEN 12 AND 15 AND p.is_pupil AND u(p.pno, 'boarding') < 400000 GROUP BY f.hno, f.draw ORDER BY f.draw LIMIT wanted(2);
INSERT INTO planted
SELECT 'G04', 'a day pupil, who is due nothing yet', '未命中', NULL, f.hno, min(p.pno) FROM free f JOIN person p USING (hno) JOIN household h USING (hno)
WHERE h.poverty_status = '1' AND p.age BETWEEN 8 AND 10 AND p.is_pupil GROUP BY f.hno, f.draw ORDER BY f.draw LIMIT wanted(2);
DELETE FROM c_education_aid WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'G04' AND variant IN ('nothing at all', 'only another kind of aid', 'no longer entitled', 'entered school this week', 'a day pupil, who is due nothing yet'))
  OR term_code = '2018-2' AND pno IN (SELECT pno FROM planted WHERE rule_id = 'G04' AND variant = 'only the autumn was paid');
UPDATE c_education_aid SET amount_yuan = '624.99' WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'G04' AND variant = 'one fen below the standard');
UPDATE c_education_aid SET amount_yuan = '312.50' WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'G04' AND variant = 'paid in two parts');
INSERT INTO c_education_aid BY NAME
SELECT * EXCLUDE (n) REPLACE (CAST(CAST(payout_date AS DATE) + 10 AS VARCHAR) AS payout_date) FROM c_education_aid WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'G04' AND variant = 'paid in two parts');
INSERT INTO c_education_aid BY NAME
SELECT p.pno, p.name, p.citizen_id, 'G' || p.citizen_id AS student_no, '3' AS stage_code, '2018-2' AS term_code, '8' AS aid_code, '300.00' AS amount_yuan, '2019-05-15' AS payout_date, p.name AS account_name, '是' AS is_registered_poor, FALSE AS is_spare
FROM planted q JOIN person p USING (pno) WHERE q.rule_id = 'G04' AND q.variant = 'only another kind of aid';
UPDATE c_education_enrollment SET enrolled_month = '2019-06' WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'G04' AND variant = 'entered school this week');
-- From 12 to 15 years the third stage, except that a child of twelve may be in the last year of the second.
UPDATE c_education_enrollment SET stage_code = '3', boarding_code = '2' WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'G04' AND variant <> 'a day pupil, who is due nothing yet');
