-- Q15 一号两人: a pupil under a grown-up's number, and a brother or sister of the same birthday under one; beside them a sex written wrongly, another name alone, a name with an unreadable character.
INSERT INTO planted
SELECT 'Q15', 'a pupil under the number of somebody grown up', '命中', NULL, hno, pno FROM free JOIN (SELECT hno, pno FROM person WHERE k = 1) USING (hno) WHERE class = 'other' AND head_age BETWEEN 30 AND 60 AND NOT has_loan ORDER BY draw LIMIT wanted(2);
INSERT INTO c_education_enrollment BY NAME
SELECT p.pno, 'G' || p.citizen_id AS student_no, '司马长风' AS name, '1' AS sex_code, p.citizen_id, '2009-11-05' AS birth_date, '2' AS stage_code, p.town_name || '中心小学' AS school, '2121' || right(p.town_code, 6) AS school_code,
  '三年级' AS grade, '1班' AS class, '2016-09' AS enrolled_month, '1' AS boarding_code, '1' AS status_code, '是' AS is_attending, '否' AS is_registered_poor, '否' AS is_disabled, p.data_date, FALSE AS is_spare
FROM planted q JOIN person p USING (pno) WHERE q.rule_id = 'Q15';
CREATE OR REPLACE TABLE q15_kind AS FROM (VALUES (0, 'another child of the same birthday', '命中'), (1, 'only the sex is wrong', '未命中'), (2, 'only the name is another', '未命中'), (3, 'a character nobody can read, and the sex', '未命中')) AS kind(place, variant, verdict);
INSERT INTO planted
SELECT 'Q15', variant, verdict, NULL, hno, pno FROM (SELECT *, row_number() OVER (ORDER BY draw) - 1 AS turn FROM school_child JOIN (SELECT pno FROM c_education_enrollment WHERE citizen_id IS NOT NULL AND status_code = '1') USING (pno) WHERE class = 'other')
JOIN q15_kind ON turn % 4 = place WHERE turn < 4 * wanted(2);
UPDATE c_education_enrollment SET name = CASE WHEN k.place IN (0, 2) THEN '司马长风' WHEN k.place = 3 THEN left(name, length(name) - 1) || '?' ELSE name END, sex_code = CASE WHEN k.place = 2 THEN sex_code WHEN sex_code = '1' THEN '2' ELSE '1' END
FROM planted q JOIN q15_kind k USING (variant) WHERE q.rule_id = 'Q15' AND q.pno = c_education_enrollment.pno;
