-- L07 过度举债: debts of a yuan more than three years' income, or half a year's income and a yuan due within a year; beside them exactly three years' and exactly half. What the
-- county's own second and overdue loans come to: z_loans.sql.
CREATE OR REPLACE TEMP TABLE debt AS
SELECT *, ['a yuan more than three years'' income', 'exactly three years'' income', 'a yuan more than half is due', 'exactly half is due'][CAST((row_number() OVER (ORDER BY draw) - 1) % 4 + 1 AS INTEGER)] AS variant
FROM (SELECT f.*, CAST(replace(r.net_income_yuan, '.', '') AS BIGINT) AS income FROM free_loan f JOIN c_registry_household r ON r.household_id = f.household_id
  WHERE class = 'exited' AND CAST(r.net_income_yuan AS DECIMAL(18, 2)) < 16000 AND CAST(replace(r.net_income_yuan, '.', '') AS BIGINT) % 2 = 0 ORDER BY draw LIMIT wanted(2) * 4);
INSERT INTO planted SELECT 'L07', variant, CASE WHEN variant LIKE 'exactly%' THEN '未命中' ELSE '命中' END, household_id, hno, NULL FROM debt;
UPDATE c_bank_loan SET annual_rate = '0', amount_yuan = yuan(d.cents), balance_yuan = yuan(d.cents), issued_date = '2018-05-10', due_date = CASE WHEN d.variant LIKE '%due' THEN '2020-06-30' ELSE '2021-05-10' END
FROM (SELECT *, CASE variant WHEN 'a yuan more than three years'' income' THEN 3 * income + 100 WHEN 'exactly three years'' income' THEN 3 * income WHEN 'a yuan more than half is due' THEN income // 2 + 100 ELSE income // 2 END AS cents FROM debt) d WHERE d.loan_no = c_bank_loan.loan_no;
