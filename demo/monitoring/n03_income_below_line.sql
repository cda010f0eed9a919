-- N03 疑似漏评（收入）: omitted households of whose income the departments see too little, elder families in want; beside them incomes exactly on the line, unseen ones, empty houses.
CREATE OR REPLACE TABLE n03_kind AS FROM (VALUES
  (0, 'old people in a house of grade D', '命中'), (1, 'old and not insured', '命中'), (2, 'seen to have exactly the line', '未命中'), (3, 'their other house is in ruins', '未命中'), (4, 'in a house of grade C that was rebuilt since', '未命中')) AS kind(place, variant, verdict);
INSERT INTO planted
SELECT 'N03', variant, verdict, 'H1' || digits(hno, 8), hno, NULL
FROM (SELECT *, row_number() OVER (ORDER BY draw) - 1 AS turn FROM elder_free WHERE u(hno, 'assessed') < 860000) JOIN n03_kind ON turn % 5 = place WHERE turn < 5 * wanted(2);
INSERT INTO planted
SELECT 'N03', 'income unseen, in a house of grade D', '无法判定', 'H1' || digits(hno, 8), hno, NULL FROM unseen_free WHERE u(hno, 'assessed') < 860000 ORDER BY draw LIMIT wanted(2);
-- The same families are in want, but nobody among them is weak.
INSERT INTO planted SELECT 'N04', variant, '未命中', subject, hno, NULL FROM planted WHERE rule_id = 'N03' AND variant IN ('old people in a house of grade D', 'old and not insured', 'income unseen, in a house of grade D');

CREATE OR REPLACE VIEW n03_member AS SELECT person.pno, person.k, person.hno, variant FROM person JOIN planted USING (hno) WHERE rule_id = 'N03';
UPDATE c_housing_assessment SET grade_code = CASE variant WHEN 'in a house of grade C that was rebuilt since' THEN 'C' ELSE 'D' END, occupancy_code = CASE variant WHEN 'their other house is in ruins' THEN '2' ELSE '1' END
FROM n03_member m WHERE m.pno = c_housing_assessment.pno AND m.variant NOT IN ('old and not insured', 'seen to have exactly the line');
DELETE FROM c_health_insurance WHERE pno IN (SELECT pno FROM n03_member WHERE k = 1 AND variant IN ('old and not insured', 'seen to have exactly the line'));
DELETE FROM c_housing_renovation WHERE pno IN (SELECT pno FROM n03_member);
INSERT INTO c_housing_renovation BY NAME
SELECT p.pno, 'WG2019' || digits(p.hno, 9) AS archive_no, '2019' AS year, p.name AS head_name, p.citizen_id AS head_citizen_id, CAST(p.size AS VARCHAR) AS member_count, p.village_code, '9' AS renovation_category_code, 'C' AS grade_code,
  '2' AS renovation_way_code, '7000.00' AS central_subsidy_yuan, '0.00' AS provincial_subsidy_yuan, '0.00' AS city_subsidy_yuan, '0.00' AS county_subsidy_yuan, '7000.00' AS subsidy_total_yuan, '0.00' AS self_raised_yuan,
  '2019-06-02' AS started_date, '2019-06-20' AS completed_date, '2019-06-22' AS accepted_date, '2019-06-25' AS moved_in_date, p.data_date, FALSE AS is_spare
FROM person p JOIN n03_member m USING (pno) WHERE m.variant = 'in a house of grade C that was rebuilt since' AND m.k = 1;
INSERT INTO wish_money SELECT DISTINCT hno, 374700 FROM n03_member WHERE variant = 'seen to have exactly the line';
