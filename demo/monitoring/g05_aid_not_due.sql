-- G05 资助不应享已享: pupils paid as 建档立卡 who never were; aid for hardship and aid of long ago are none of it.
CREATE OR REPLACE TABLE g05_kind AS FROM (VALUES
  ('paid as registered this spring', '命中', '2018-2', '2019-05-15', '是', 0), ('paid as registered in autumn', '命中', '2018-1', '2018-12-15', '是', 1), ('paid as registered exactly within the year', '命中', '2017-2', '2018-07-01', '是', 2),
  ('paid for hardship', '未命中', '2018-2', '2019-05-15', '否', 3), ('paid a year ago', '未命中', '2017-2', '2018-06-30', '是', 4), ('nobody says as what', '未命中', '2018-2', '2019-05-15', NULL, 5)
) AS kind(variant, verdict, term, paid, flag, place);
INSERT INTO planted
SELECT 'G05', variant, verdict, NULL, hno, pno FROM (SELECT *, row_number() OVER (ORDER BY draw) - 1 AS turn FROM school_child WHERE class = 'other') JOIN g05_kind ON turn % 6 = place WHERE turn < 6 * wanted(2);
DELETE FROM c_education_aid WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'G05');
INSERT INTO c_education_aid BY NAME
SELECT p.pno, p.name, p.citizen_id, 'G' || p.citizen_id AS student_no, '2' AS stage_code, k.term AS term_code, '2' AS aid_code, '500.00' AS amount_yuan, k.paid AS payout_date, p.name AS account_name, k.flag AS is_registered_poor, FALSE AS is_spare
FROM planted q JOIN g05_kind k USING (variant) JOIN person p USING (pno) WHERE q.rule_id = 'G05';
