-- Ordinary families: what would make half of the N and R rules hit by chance is taken away from those to whom nothing is planted.
-- is_unseen: an able head of working age about whom no department knows an income; such a family's income is nobody's to judge.
CREATE OR REPLACE TABLE ordinary AS
SELECT h.hno, p.age BETWEEN 19 AND 59 AND NOT p.is_disabled AND p.pno NOT IN (SELECT pno FROM c_employment) AS is_unseen,
  h.hno IN (SELECT hno FROM person WHERE is_disabled) OR h.hno IN (SELECT d.hno FROM c_disability JOIN (SELECT pno, hno FROM person) d USING (pno)) OR p.pno IN (SELECT pno FROM c_temporary_relief) AS is_weak
FROM household h JOIN person p ON p.hno = h.hno AND p.k = 1
WHERE NOT h.is_registered AND NOT h.is_omitted;
-- A bill beyond the limits stays where the family is poor already or its income is unseen; whoever has one is insured.
CREATE OR REPLACE TABLE grave_bill AS
SELECT p.hno, p.pno FROM c_health_settlement b JOIN (SELECT pno, hno, is_registered FROM person) p USING (pno)
GROUP BY p.hno, p.pno, p.is_registered
HAVING CASE WHEN p.is_registered THEN sum(CASE WHEN visit_code = '1' THEN CAST(self_paid_yuan AS DECIMAL(18, 2)) + CAST(own_expense_yuan AS DECIMAL(18, 2)) ELSE 0 END) >= 5000
  ELSE sum(CAST(self_paid_yuan AS DECIMAL(18, 2)) + CAST(own_expense_yuan AS DECIMAL(18, 2))) >= 20000 END;
DELETE FROM c_health_settlement WHERE pno IN (
  SELECT pno FROM grave_bill JOIN household USING (hno) LEFT JOIN ordinary USING (hno)
  WHERE NOT household.is_poor AND NOT coalesce(ordinary.is_unseen, FALSE) AND NOT household.is_omitted AND hno NOT IN (SELECT hno FROM planted WHERE hno IS NOT NULL));
CREATE OR REPLACE TABLE sheltered AS SELECT hno FROM ordinary WHERE NOT is_unseen OR is_weak OR hno IN (SELECT hno FROM grave_bill);
UPDATE c_housing_assessment SET grade_code = 'B' WHERE grade_code IN ('C', 'D') AND pno IN (SELECT pno FROM person WHERE hno IN (SELECT hno FROM sheltered));
-- Omitted households live in the houses that were assessed.
UPDATE c_housing_assessment SET occupancy_code = '1' WHERE pno IN (SELECT pno FROM person WHERE is_omitted);
INSERT INTO c_health_insurance BY NAME
SELECT pno, '2019' AS year, name, citizen_id, '1' AS insurance_code, '1' AS status_code, '2018-12-10' AS paid_date, CASE WHEN is_disabled AND disability_level < 3 THEN '0.00' ELSE '220.00' END AS personal_paid_yuan,
  CASE WHEN is_disabled AND disability_level < 3 THEN '220.00' ELSE '0.00' END AS subsidy_yuan, CASE WHEN is_disabled AND disability_level < 3 THEN '4' ELSE '9' END AS category_code, '北镇市' AS place, data_date, FALSE AS is_spare
FROM person WHERE hno IN (SELECT hno FROM sheltered) AND NOT is_dead AND pno NOT IN (SELECT pno FROM c_health_insurance);
-- Losses that good incomes bear look like R01; their households are nobody else's to make poor.
INSERT INTO planted
SELECT 'R01', 'a loss that a good income bears', '未命中', household_id, hno, NULL FROM free
WHERE class = 'exited' AND hno IN (SELECT p.hno FROM c_disaster_loss l JOIN (SELECT pno, hno FROM person) p USING (pno) WHERE CAST(l.loss_yuan AS DECIMAL(18, 2)) > CAST(l.claim_yuan AS DECIMAL(18, 2)));

-- What the situations below ask for; the rows are written once, at the end (r99_rows.sql). Amounts in cents.
CREATE OR REPLACE TABLE wish_income (hno BIGINT, per_head BIGINT, wage BIGINT);
CREATE OR REPLACE TABLE wish_bill (pno BIGINT, burden BIGINT);
CREATE OR REPLACE TABLE wish_job (pno BIGINT, start_month VARCHAR, end_month VARCHAR, wage BIGINT);
CREATE OR REPLACE TABLE wish_no_job (hno BIGINT);
CREATE OR REPLACE TABLE wish_loss (hno BIGINT, loss BIGINT, claim BIGINT);
CREATE OR REPLACE TABLE wish_money (hno BIGINT, per_head BIGINT);
CREATE OR REPLACE TABLE trading AS SELECT DISTINCT p.hno FROM c_business_registration b JOIN (SELECT pno, hno FROM person) p USING (pno) WHERE b.role_code IN ('1', '2', '3');
CREATE OR REPLACE TABLE earning AS SELECT hno FROM trading UNION SELECT p.hno FROM c_employment JOIN (SELECT pno, hno FROM person) p USING (pno);
-- Families to claim from: elder ones without anybody who could earn, and unseen ones; rural by their book.
CREATE OR REPLACE VIEW elder_free AS SELECT * FROM free WHERE class = 'other' AND elderly = size AND disabled = 0 AND u(hno, 'nature') < 850000
  AND hno NOT IN (SELECT hno FROM person WHERE age >= 60 AND u(pno, 'employee') < 150000) AND hno NOT IN (SELECT hno FROM earning);
CREATE OR REPLACE VIEW unseen_free AS SELECT * FROM free WHERE class = 'other' AND u(hno, 'nature') < 850000 AND disabled = 0
  AND hno IN (SELECT hno FROM ordinary WHERE is_unseen) AND hno NOT IN (SELECT hno FROM grave_bill) AND hno NOT IN (SELECT hno FROM trading);
