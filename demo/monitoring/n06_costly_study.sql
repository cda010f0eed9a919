-- N06 因学支出: students in senior schools of families whose income nobody sees; a cent over the limit, exactly on it, with aid, with a loan that is no aid, in compulsory school.
CREATE OR REPLACE TABLE n06_kind AS FROM (VALUES
  (0, 'a cent over the limit', '命中', '10000.01', NULL, NULL), (1, 'a loan is no aid', '命中', '12000.00', '9', '6000.00'), (2, 'over the limit after aid', '命中', '14500.00', '5', '3000.00'),
  (3, 'exactly the limit', '未命中', '10000.00', NULL, NULL), (4, 'aid brings it down', '未命中', '12000.00', '5', '2000.00'), (5, 'a dear school, but a compulsory one', '未命中', '20000.00', NULL, NULL)) AS kind(place, variant, verdict, cost, aid, aid_yuan);
CREATE OR REPLACE TABLE n06_student AS
SELECT kind.*, p.hno, p.pno FROM (
  SELECT f.hno, f.draw, p.pno, p.age < 16 AS is_young, row_number() OVER (PARTITION BY p.age < 16 ORDER BY f.draw) - 1 AS turn
  FROM unseen_free f JOIN person p USING (hno) WHERE p.is_pupil AND (p.age BETWEEN 16 AND 18 AND f.children = 0 OR p.age BETWEEN 13 AND 15 AND f.children = 1 AND u(p.pno, 'id kind') >= 4000)
  QUALIFY row_number() OVER (PARTITION BY f.hno ORDER BY p.pno) = 1
) p JOIN n06_kind kind ON CASE WHEN p.is_young THEN kind.place = 5 AND turn < wanted(2) ELSE kind.place = turn % 5 AND turn < 5 * wanted(2) END;
INSERT INTO planted SELECT 'N06', variant, verdict, NULL, hno, pno FROM n06_student;
DELETE FROM c_education_expense WHERE pno IN (SELECT pno FROM person WHERE hno IN (SELECT hno FROM n06_student));
DELETE FROM c_education_aid WHERE pno IN (SELECT pno FROM n06_student);
INSERT INTO c_education_expense BY NAME
SELECT p.pno, p.name, p.citizen_id, CASE s.place WHEN 5 THEN '3' ELSE '4' END AS stage_code, '沈阳市某学校' AS school, '2018-2' AS term_code, '2' AS expense_source_code, s.cost AS expense_total_yuan, p.data_date, FALSE AS is_spare
FROM n06_student s JOIN person p USING (pno);
INSERT INTO c_education_aid BY NAME
SELECT p.pno, p.name, p.citizen_id, 'G' || p.citizen_id AS student_no, '4' AS stage_code, '北镇市第一高级中学' AS school, '2018-2' AS term_code, s.aid AS aid_code, s.aid_yuan AS amount_yuan, '2019-04-11' AS payout_date,
  p.name AS account_name, yes_no(FALSE) AS is_registered_poor, FALSE AS is_spare
FROM n06_student s JOIN person p USING (pno) WHERE s.aid IS NOT NULL;
