-- N07 新发重残: old people who got a certificate of grade 1 or 2 lately; beside them one of three months ago, an old one issued again, grade 3, and a family on the allowance.
CREATE OR REPLACE TABLE n07_kind AS FROM (VALUES
  (0, 'grade 1 a month ago', '命中', '1', '2019-05-28', NULL, NULL), (1, 'grade 2 not quite three months ago', '命中', '2', '2019-03-31', NULL, NULL), (2, 'raised from grade 3', '命中', '1', '2019-06-10', '3', '2012-06-10'),
  (3, 'exactly three months ago', '未命中', '1', '2019-03-30', NULL, NULL), (4, 'an old certificate issued again', '未命中', '1', '2019-06-10', '1', '2012-06-10'), (5, 'grade 3', '未命中', '3', '2019-06-10', NULL, NULL),
  (6, 'a family on the allowance', '未命中', '1', '2019-06-10', NULL, NULL)) AS kind(place, variant, verdict, grade, certified, former_grade, formerly);
INSERT INTO planted
SELECT 'N07', variant, verdict, NULL, hno, (SELECT min(pno) FROM person p WHERE p.hno = e.hno)
FROM (SELECT *, row_number() OVER (ORDER BY draw) - 1 AS turn FROM elder_free) e JOIN n07_kind ON turn % 7 = place WHERE turn < 7 * wanted(2);
CREATE OR REPLACE VIEW n07_person AS SELECT person.*, kind.* FROM person JOIN planted USING (pno) JOIN n07_kind kind ON kind.variant = planted.variant WHERE rule_id = 'N07';
INSERT INTO c_disability BY NAME
SELECT pno, name, citizen_id, citizen_id || '4' || grade AS disability_cert_no, '4' AS disability_category_code, grade AS disability_grade_code, certified AS certified_date, '2029-06-01' AS certificate_expiry_date, '1' AS status_code,
  CASE variant WHEN 'a family on the allowance' THEN '80.00' END AS living_subsidy_yuan, CASE variant WHEN 'a family on the allowance' THEN '2019-06' END AS living_subsidy_start_month,
  CASE WHEN grade < '3' THEN '80.00' END AS nursing_subsidy_yuan, CASE WHEN grade < '3' THEN '2019-06' END AS nursing_subsidy_start_month, data_date, FALSE AS is_spare
FROM n07_person
UNION ALL BY NAME
SELECT pno, name, citizen_id, citizen_id || '3' || former_grade AS disability_cert_no, '3' AS disability_category_code, former_grade AS disability_grade_code, formerly AS certified_date, '2022-06-01' AS certificate_expiry_date, '3' AS status_code, data_date, FALSE AS is_spare
FROM n07_person WHERE former_grade IS NOT NULL;
INSERT INTO c_subsistence_allowance BY NAME
SELECT p.pno, 'DB' || digits(p.hno, 9) AS allowance_no, h.name AS head_name, h.citizen_id AS head_citizen_id, p.name, p.citizen_id, CASE p.k WHEN 1 THEN '02' ELSE '10' END AS relation_code, '1' AS rural_urban_code,
  CASE WHEN p.size > 1 THEN '1' ELSE '2' END AS coverage_code, CAST(p.size AS VARCHAR) AS covered_count, 'C' AS allowance_class_code, '330.00' AS monthly_income_per_head_yuan, yuan(p.size * 8000) AS monthly_allowance_yuan,
  '2018-03' AS benefit_start_month, '2199' || digits(p.hno, 9) || digits(dice(p.hno, 'account', 10000), 4) AS bank_account, h.name AS account_name, p.village_code, p.data_date, FALSE AS is_spare
FROM person p JOIN person h ON h.hno = p.hno AND h.k = 1 WHERE p.hno IN (SELECT hno FROM planted WHERE rule_id = 'N07' AND variant = 'a family on the allowance');
