-- Last of all: what departments add up and surveys estimate, from the rows that are sent. Most agree with the platform; some are wrong, in a known way or in none (D26).
CREATE OR REPLACE TEMP TABLE zz_registered AS
SELECT h.village_code, count(DISTINCT p.pno) AS people, count(DISTINCT h.household_id) AS households
FROM c_registry_household h LEFT JOIN c_registry_person p USING (household_id) GROUP BY h.village_code;
CREATE OR REPLACE TEMP TABLE zz_area AS
SELECT left(village_code, 9) AS area_code, sum(people) AS people, sum(households) AS households FROM zz_registered GROUP BY 1
UNION ALL SELECT '210782', sum(people), sum(households) FROM zz_registered;
-- Townships in the order of their codes: one way of being wrong each, the others are right.
CREATE OR REPLACE TEMP TABLE zz_town AS
SELECT area_code, people, row_number() OVER (ORDER BY area_code) AS turn FROM zz_area WHERE length(area_code) = 9 AND people >= 20;
DELETE FROM c_department_total;
INSERT INTO c_department_total BY NAME
SELECT '01' AS figure_code, area_code, '2019-06' AS stat_month, 'fupinban' AS reporter_code, CAST(households AS VARCHAR) AS reported_value, '3' AS figure_unit_code, '1' AS scope_code, '2019-06-30' AS data_date, FALSE AS is_spare FROM zz_area;
INSERT INTO c_department_total BY NAME
SELECT '02' AS figure_code, area.area_code, CASE WHEN turn = 3 THEN '2019-05' ELSE '2019-06' END AS stat_month, 'fupinban' AS reporter_code,
  CASE turn WHEN 1 THEN CAST(area.people + area.people // 10 + 1 AS VARCHAR) WHEN 2 THEN CAST(5 * area.people AS VARCHAR) WHEN 3 THEN CAST(area.people - area.people // 10 AS VARCHAR)
    WHEN 4 THEN '0.' || lpad(CAST(area.people AS VARCHAR), 4, '0') ELSE CAST(area.people AS VARCHAR) END AS reported_value,
  CASE turn WHEN 4 THEN '2' WHEN 5 THEN '3' ELSE '1' END AS figure_unit_code, CASE WHEN turn = 2 THEN '2' ELSE '1' END AS scope_code, '2019-06-30' AS data_date, FALSE AS is_spare
FROM zz_area area LEFT JOIN zz_town town USING (area_code) WHERE area.people < 10000 OR turn IS NULL OR turn <> 4;
-- Money: the bank adds up what is lent and owed, in 元; the office took the same figure for 万元.
INSERT INTO c_department_total BY NAME
SELECT '13' AS figure_code, '210782' AS area_code, '2019-06' AS stat_month, reporter_code, balance AS reported_value, figure_unit_code, '5' AS scope_code, '2019-06-30' AS data_date, FALSE AS is_spare
FROM (SELECT CAST(sum(CAST(balance_yuan AS DECIMAL(18, 2))) AS VARCHAR) AS balance FROM c_bank_loan WHERE product_code = '1' AND settled_date IS NULL)
CROSS JOIN (VALUES ('yinhang', '4'), ('fupinban', '5')) AS sender(reporter_code, figure_unit_code);
INSERT INTO c_department_total BY NAME
SELECT '14' AS figure_code, '210782' AS area_code, '2019-06' AS stat_month, 'caizheng' AS reporter_code, CAST(sum(CAST(allotted_yuan AS DECIMAL(18, 2))) AS VARCHAR) AS reported_value,
  '4' AS figure_unit_code, '5' AS scope_code, '2019-06-30' AS data_date, FALSE AS is_spare FROM c_fund_allotment WHERE budget_year = '2019';
INSERT INTO planted
SELECT 'D26', CASE WHEN figure_code = '13' AND reporter_code = 'fupinban' OR figure_code = '02' AND turn = 1 THEN '无法解释' WHEN figure_code = '02' AND turn = 2 THEN '口径不同'
    WHEN figure_code = '02' AND turn = 3 THEN '时点不同' WHEN figure_code = '02' AND turn = 5 THEN '单位不符' END,
  CASE WHEN figure_code = '13' AND reporter_code = 'fupinban' OR figure_code = '02' AND turn <= 3 THEN '有差异' WHEN figure_code = '02' AND turn = 5 THEN '无法判定' ELSE '一致' END,
  figure_code || '/' || total.area_code || '/' || reporter_code, NULL, NULL
FROM c_department_total total LEFT JOIN zz_town town USING (area_code);

-- The survey's shares of the poor: one within its error, one that is not, one about people who live here, whoever they are.
CREATE OR REPLACE TEMP TABLE zz_poor AS
SELECT (SELECT sum(poor) FROM v_poor) / (SELECT count(*) FROM v_rural) AS share;
INSERT INTO c_survey_estimate BY NAME
SELECT '05' AS figure_code, '210782' AS area_code, '2019-06' AS stat_month, survey_code, printf('%.4f', 100 * share + beside * 0.2) AS estimate_value, '0.2' AS standard_error, '800' AS sample_size,
  '8' AS figure_unit_code, scope_code, '2019-06-30' AS data_date, FALSE AS is_spare
FROM zz_poor CROSS JOIN (VALUES ('1', '2', 1.5), ('2', '3', 3), ('3', '2', 2.5)) AS survey(survey_code, scope_code, beside);
INSERT INTO planted VALUES
  ('D26', NULL, '一致', '05/210782/1', NULL, NULL), ('D26', '口径不同', '有差异', '05/210782/2', NULL, NULL), ('D26', '无法解释', '有差异', '05/210782/3', NULL, NULL);
