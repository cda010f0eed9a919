-- P04 死亡仍领取: pensions, allowances, subsidies of people who are dead; beside them payments of the month of death, returned ones, and a pension that was paid back.
DELETE FROM c_pension_payment WHERE (pno, benefit_month) IN (SELECT p.pno, p.benefit_month FROM c_pension_payment p JOIN c_household_registration r ON r.pno = p.pno WHERE p.benefit_month > left(r.death_date, 7));
CREATE OR REPLACE TEMP TABLE wish AS FROM (VALUES ('pension goes on', '命中', 3), ('allowance goes on', '命中', 2), ('land subsidy in a dead name', '命中', 2), ('subsidy of the disabled goes on', '命中', 1), ('pension of the month of death', '未命中', 2), ('pension came back from the bank', '未命中', 1),
  ('pension was paid back', '未命中', 2), ('allowance stopped in the next month', '未命中', 1)) t(variant, verdict, number);
INSERT INTO planted
SELECT 'P04', variant, verdict, NULL, hno, pno FROM (
  SELECT hno, pno, row_number() OVER (ORDER BY hash(pno, getvariable('seed'), 'P04')) AS place FROM person
  WHERE is_dead AND NOT is_registered AND age BETWEEN 60 AND 90 AND pno NOT IN (SELECT pno FROM planted WHERE pno IS NOT NULL)
) JOIN (SELECT *, sum(number) OVER (ORDER BY variant) AS last FROM wish) ON place > last - number AND place <= last;
CREATE OR REPLACE TEMP TABLE dead AS
SELECT p.pno, p.hno, p.name, p.citizen_id, p.village_code, p.town_name, p.data_date, variant, CAST(r.death_date AS DATE) AS died FROM planted JOIN person p USING (pno) JOIN c_household_registration r ON r.pno = p.pno WHERE rule_id = 'P04';
INSERT INTO c_pension_payment BY NAME
SELECT pno, name, citizen_id, '2107' || digits(pno, 9) AS local_no, '1' AS insurance_code, month_text(month) AS benefit_month, kind AS payment_kind_code, amount AS amount_yuan, CAST(CAST(month + INTERVAL 1 MONTH AS DATE) + CASE WHEN kind = '4' THEN 19 ELSE 9 END AS VARCHAR) AS payout_date,
  CASE WHEN variant LIKE '%bank' THEN '2' ELSE '1' END AS payout_code, CASE WHEN variant LIKE '%bank' THEN '账户已注销' END AS return_reason, CASE WHEN kind = '4' THEN CAST(died AS VARCHAR) END AS death_date, FALSE AS is_spare
FROM (SELECT *, CAST(date_trunc('month', died) + to_months(CASE WHEN variant = 'pension of the month of death' THEN 0 ELSE 1 END) AS DATE) AS month FROM dead WHERE variant LIKE 'pension%')
CROSS JOIN (VALUES ('1', '120.00'), ('4', '-120.00')) t(kind, amount) WHERE kind = '1' OR variant = 'pension was paid back';
INSERT INTO c_subsistence_allowance BY NAME
SELECT pno, 'DB9' || digits(hno, 8) AS allowance_no, name AS head_name, citizen_id AS head_citizen_id, name, citizen_id, '02' AS relation_code, '1' AS rural_urban_code, '2' AS coverage_code, '1' AS covered_count, 'B' AS allowance_class_code, '120.00' AS monthly_income_per_head_yuan,
  '260.00' AS monthly_allowance_yuan, '2016-03' AS benefit_start_month, CASE WHEN variant LIKE '%stopped%' THEN month_text(died + to_months(1)) END AS benefit_stop_month, CASE WHEN variant LIKE '%stopped%' THEN '死亡' END AS stop_reason, village_code, data_date, FALSE AS is_spare
FROM dead WHERE variant LIKE 'allowance%';
INSERT INTO c_card_payment BY NAME
SELECT pno, '耕地地力保护补贴' AS subsidy_item, '2019' AS year, '2019年度' AS period, name, citizen_id, village_code, '5.0' AS quantity, '亩' AS quantity_unit, '80.00' AS standard_yuan, '400.00' AS amount_yuan, '2019-06-12' AS payout_date, name AS account_name, '1' AS payout_code, FALSE AS is_spare
FROM dead WHERE variant LIKE 'land%';
DELETE FROM c_disability WHERE pno IN (SELECT pno FROM dead WHERE variant LIKE 'subsidy%');
INSERT INTO c_disability BY NAME
SELECT pno, name, citizen_id, citizen_id || '42' AS disability_cert_no, '4' AS disability_category_code, '2' AS disability_grade_code, '2015-03-04' AS certified_date, '2025-03-04' AS certificate_expiry_date, '1' AS status_code, '80.00' AS nursing_subsidy_yuan, '2018-01' AS nursing_subsidy_start_month, data_date, FALSE AS is_spare
FROM dead WHERE variant LIKE 'subsidy%';
