-- P11 特困应纳未纳: alone, old or disabled, without income; beside them who earns a little, who is married, who has somebody in the book, who is supported already.
CREATE OR REPLACE TEMP TABLE wish AS FROM (VALUES ('old and alone', '命中', 3), ('earns a little', '未命中', 1), ('has a spouse elsewhere', '未命中', 1), ('somebody else stands in the book', '未命中', 1), ('supported already', '未命中', 2), ('income not written down', '无法判定', 1)) t(variant, verdict, number);
INSERT INTO planted
SELECT 'P11', variant, verdict, NULL, hno, pno FROM (
  SELECT hno, pno, row_number() OVER (ORDER BY draw) AS place FROM free JOIN (SELECT hno, pno, age, is_hardship, is_disabled FROM person) USING (hno) WHERE class = 'exited' AND size = 1 AND age >= 66 AND NOT is_hardship AND NOT is_minimum_living AND NOT is_disabled
) JOIN (SELECT *, sum(number) OVER (ORDER BY variant) AS last FROM wish) ON place > last - number AND place <= last;
INSERT INTO planted
SELECT 'P11', 'disabled and alone', '命中', NULL, hno, pno FROM free JOIN (SELECT hno, pno, age, is_hardship, is_disabled, disability_level FROM person) USING (hno)
WHERE class = 'exited' AND size = 1 AND is_disabled AND disability_level > 2 AND NOT is_hardship AND NOT is_minimum_living ORDER BY draw LIMIT wanted(1);
UPDATE c_registry_household SET property_income_yuan = CASE WHEN pno IN (SELECT pno FROM planted WHERE rule_id = 'P11' AND variant = 'earns a little') THEN '0.01' ELSE '0.00' END, business_income_yuan = '0.00', wage_income_yuan = '0.00', business_cost_yuan = '0.00',
  transfer_income_yuan = CASE WHEN pno IN (SELECT pno FROM planted WHERE rule_id = 'P11' AND variant = 'earns a little') THEN yuan(CAST(replace(net_income_yuan, '.', '') AS BIGINT) - 1) ELSE net_income_yuan END, total_income_yuan = net_income_yuan
WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'P11');
UPDATE c_registry_household SET property_income_yuan = NULL WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'P11' AND variant = 'income not written down');
UPDATE c_household_registration SET marriage_code = CASE WHEN pno IN (SELECT pno FROM planted WHERE rule_id = 'P11' AND variant = 'has a spouse elsewhere') THEN '20' ELSE '10' END WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'P11');
UPDATE c_household_registration SET hukou_no = (SELECT '1' || digits(min(hno), 8) FROM (FROM free WHERE class = 'other' AND size = 1 ORDER BY draw LIMIT 1)) WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'P11' AND variant = 'somebody else stands in the book');
INSERT INTO c_special_hardship BY NAME
SELECT pno, 'TK8' || digits(pno, 8) AS hardship_no, name, citizen_id, '1' AS rural_urban_code, '1' AS support_code, '1' AS self_care_code, '0.00' AS care_standard_yuan, '500.00' AS monthly_support_yuan, '2018-02' AS benefit_start_month, name AS account_name, village_code, data_date, FALSE AS is_spare
FROM planted JOIN (SELECT * EXCLUDE (hno) FROM person) p USING (pno) WHERE rule_id = 'P11' AND variant = 'supported already';
