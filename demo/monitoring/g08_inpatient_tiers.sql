-- G08 住院多重保障: one stay per person, of 10,000 yuan of which 9,000 are eligible, paid as each situation says.
CREATE OR REPLACE TABLE g08_kind AS FROM (VALUES
  ('no medical assistance', '命中', '是', '6000.00', '0.00', '0.00', '1800.00', '1200.00', '9000.00', 0), ('no supplement', '命中', '是', '6000.00', '0.00', '1800.00', '0.00', '1200.00', '9000.00', 1),
  ('one fen below the least ratio', '命中', '是', '6000.00', '0.00', '1000.00', '649.99', '1350.01', '9000.00', 2), ('nothing from the basic insurance', '命中', '是', '0.00', '0.00', '7000.00', '1000.00', '1000.00', '9000.00', 3),
  ('eligible costs are more than their parts', '命中', '是', '6000.00', '0.00', '1500.00', '500.00', '900.00', '9000.00', 4),
  ('exactly the least ratio', '未命中', '是', '6000.00', '0.00', '1000.00', '650.00', '1350.00', '9000.00', 5), ('a low ratio outside the county', '未命中', '否', '4000.00', '0.00', '500.00', '500.00', '4000.00', '9000.00', 6),
  ('a wrong bill that was reversed', '未命中', '是', '6000.00', '0.00', '1800.00', '400.00', '800.00', '9000.00', 7), ('tiers left blank', '无法判定', '是', NULL, NULL, NULL, NULL, NULL, '9000.00', 8)
) AS kind(variant, verdict, in_county, basic, serious, assistance, supplement, self_paid, eligible, place);
INSERT INTO planted
SELECT 'G08', variant, verdict, NULL, hno, pno FROM (
  SELECT f.hno, min(p.pno) AS pno, row_number() OVER (ORDER BY any_value(f.draw)) - 1 AS turn FROM free f JOIN person p USING (hno) JOIN household h USING (hno)
  WHERE f.class = 'exited' AND h.poverty_status = '1' AND p.age BETWEEN 30 AND 80 GROUP BY f.hno
) JOIN g08_kind ON turn % 9 = place WHERE turn < 9 * wanted(2);
DELETE FROM c_health_settlement WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'G08');
INSERT INTO c_health_settlement BY NAME
SELECT p.pno, 'JSG08' || digits(p.pno, 9) || part AS settlement_no, p.name, p.citizen_id, '1' AS visit_code, '北镇市人民医院' AS hospital, '二级' AS hospital_grade, k.in_county AS is_in_county,
  '2019-03-04' AS admitted_date, '2019-03-12' AS discharged_date, 'J18.9' AS diagnosis_code, sign || '10000.00' AS total_yuan, sign || k.eligible AS eligible_yuan, '600.00' AS deductible_yuan,
  CASE WHEN k.basic IS NOT NULL THEN sign || CASE WHEN part = 'C' OR variant NOT LIKE '%reversed' THEN k.basic ELSE '3000.00' END END AS basic_paid_yuan,
  CASE WHEN k.basic IS NOT NULL THEN '0.00' END AS serious_paid_yuan,
  CASE WHEN k.basic IS NOT NULL THEN sign || CASE WHEN part = 'C' OR variant NOT LIKE '%reversed' THEN k.assistance ELSE '0.00' END END AS assistance_paid_yuan,
  CASE WHEN k.basic IS NOT NULL THEN sign || CASE WHEN part = 'C' OR variant NOT LIKE '%reversed' THEN k.supplement ELSE '0.00' END END AS supplement_paid_yuan,
  CASE WHEN k.basic IS NOT NULL THEN sign || CASE WHEN part = 'C' OR variant NOT LIKE '%reversed' THEN k.self_paid ELSE '6000.00' END END AS self_paid_yuan,
  CASE WHEN k.basic IS NOT NULL THEN sign || CASE WHEN variant LIKE 'eligible%' THEN '1100.00' ELSE '1000.00' END END AS own_expense_yuan,
  CASE part WHEN 'C' THEN '2019-04-02' ELSE '2019-03-12' END AS settled_date, '否' AS is_one_stop, FALSE AS is_spare
FROM planted q JOIN g08_kind k USING (variant) JOIN person p USING (pno)
JOIN (VALUES ('A', ''), ('B', '-'), ('C', '')) AS bill(part, sign) ON part = 'A' OR variant LIKE '%reversed' WHERE q.rule_id = 'G08';
