-- G07 参保资助未落实: entitled people who paid the whole fee themselves.
CREATE OR REPLACE TABLE g07_kind AS FROM (VALUES
  ('registered, paid the whole fee', '命中', 'exited', '1', '220.00', '0.00', 0), ('registered, paid more than the fee', '命中', 'exited', '1', '300.00', NULL, 1), ('minimum living allowance, paid the whole fee', '命中', 'other', '2', '220.00', '0.00', 2),
  ('severely disabled, paid the whole fee', '命中', 'other', '4', '220.00', '0.00', 3), ('paid one fen less than the fee', '未命中', 'exited', '1', '219.99', '0.00', 4), ('paid first and got it back', '未命中', 'exited', '1', '220.00', '220.00', 5),
  ('nobody special', '未命中', 'other', '9', '220.00', '0.00', 6), ('nobody says what was paid', '无法判定', 'exited', '1', NULL, NULL, 7)
) AS kind(variant, verdict, class, category, paid, subsidy, place);
INSERT INTO planted
SELECT 'G07', variant, verdict, NULL, hno, pno FROM (
  SELECT f.hno, f.class, min(p.pno) AS pno, row_number() OVER (PARTITION BY f.class ORDER BY any_value(f.draw)) - 1 AS turn FROM free f JOIN person p USING (hno) JOIN household h USING (hno)
  WHERE p.age BETWEEN 20 AND 55 AND coalesce(h.poverty_status, '1') <> '4' AND p.pno IN (SELECT pno FROM c_health_insurance WHERE insurance_code = '1' AND year = '2019') GROUP BY f.hno, f.class
) c JOIN (SELECT *, row_number() OVER (PARTITION BY class ORDER BY place) - 1 AS seat, count(*) OVER (PARTITION BY class) AS seats FROM g07_kind) k USING (class)
WHERE turn % seats = seat AND turn < seats * wanted(2);
INSERT INTO planted
SELECT 'G07', 'no longer entitled', '未命中', NULL, f.hno, min(p.pno) FROM free f JOIN person p USING (hno) JOIN household h USING (hno)
WHERE h.poverty_status = '4' AND p.age BETWEEN 20 AND 55 GROUP BY f.hno, f.draw ORDER BY f.draw LIMIT wanted(2);
UPDATE c_health_insurance SET category_code = k.category, personal_paid_yuan = k.paid, subsidy_yuan = k.subsidy
FROM planted q JOIN g07_kind k USING (variant) WHERE q.rule_id = 'G07' AND q.pno = c_health_insurance.pno;
UPDATE c_health_insurance SET personal_paid_yuan = '220.00', subsidy_yuan = '0.00' WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'G07' AND variant = 'no longer entitled');
