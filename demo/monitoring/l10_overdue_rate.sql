-- L10 逾期率偏高: in one township a savings bank of whose loans exactly one per cent is overdue; in another one with a little less. The banks of the county: z_loans.sql.
CREATE OR REPLACE TEMP TABLE savings AS
WITH many AS (
  SELECT *, row_number() OVER (PARTITION BY town_code ORDER BY draw) AS place, count(*) OVER (PARTITION BY town_code) AS others FROM free_loan WHERE class = 'exited' AND size >= 3
)
SELECT *, CASE WHEN place <= 2 THEN '中国邮政储蓄银行北镇市支行' ELSE '中国农业银行北镇市支行' END AS bank, dense_rank() OVER (ORDER BY town_code) AS town_no FROM many WHERE others >= 4 AND place <= 4;
DELETE FROM savings WHERE town_no > 4;
INSERT INTO planted
SELECT 'L10', CASE WHEN place <= 2 THEN 'exactly one per cent' ELSE 'a little less than one per cent' END, CASE WHEN place <= 2 THEN '命中' ELSE '未命中' END, town_code || ' ' || bank, hno, NULL FROM savings;
DELETE FROM c_interest_subsidy WHERE loan_no IN (SELECT loan_no FROM savings);
UPDATE c_bank_loan SET bank = s.bank, amount_yuan = '9900.00', balance_yuan = CASE s.place WHEN 1 THEN '100.00' WHEN 2 THEN '9900.00' WHEN 3 THEN '99.00' ELSE '9900.00' END,
  due_date = CASE WHEN s.place IN (1, 3) THEN '2019-06-01' ELSE '2021-01-10' END, issued_date = '2018-01-10'
FROM savings s WHERE s.loan_no = c_bank_loan.loan_no;
