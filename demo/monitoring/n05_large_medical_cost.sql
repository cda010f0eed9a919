-- N05 大额医疗支出: bills of exactly the limit and a cent less, and one that was cancelled again. The county's own large bills are counted when all situations are there (r99).
CREATE OR REPLACE TABLE n05_kind AS FROM (VALUES
  (0, 'exactly the limit', '命中', 500000, 2000000), (1, 'a cent below the limit', '未命中', 499999, 1999999)) AS kind(place, variant, verdict, registered, other);
INSERT INTO planted
SELECT 'N05', variant, verdict, NULL, hno, (SELECT min(pno) FROM person p WHERE p.hno = f.hno)
FROM (SELECT *, row_number() OVER (PARTITION BY class ORDER BY draw) - 1 AS turn FROM (SELECT * FROM free WHERE class = 'poor' AND u(hno, 'nature') < 850000 UNION ALL SELECT * FROM unseen_free)) f JOIN n05_kind ON turn % 2 = place WHERE turn < 2 * wanted(2);
INSERT INTO wish_bill SELECT planted.pno, CASE WHEN person.is_registered THEN registered ELSE other END FROM planted JOIN n05_kind USING (variant) JOIN person ON person.pno = planted.pno WHERE rule_id = 'N05';
INSERT INTO planted SELECT 'N05', 'a bill that was cancelled', '未命中', NULL, hno, (SELECT min(pno) FROM person p WHERE p.hno = f.hno) FROM unseen_free f ORDER BY draw LIMIT wanted(2);
INSERT INTO c_health_settlement BY NAME
SELECT p.pno, 'JS2021' || digits(p.pno, 10) || sign AS settlement_no, p.name, p.citizen_id, '1' AS visit_code, '北镇市人民医院' AS hospital, yes_no(TRUE) AS is_in_county, '2019-02-20' AS admitted_date, '2019-03-15' AS discharged_date,
  sign || '40000.00' AS total_yuan, sign || '20000.00' AS basic_paid_yuan, sign || '20000.00' AS self_paid_yuan, '0.00' AS own_expense_yuan, settled AS settled_date, FALSE AS is_spare
FROM person p JOIN planted USING (pno), (VALUES ('', '2019-03-15'), ('-', '2019-04-02')) AS booked(sign, settled) WHERE planted.variant = 'a bill that was cancelled';
