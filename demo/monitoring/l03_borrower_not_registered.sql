-- L03 非建档户获贷: microcredit to people who were never registered, with or without a household's number, or before they were; beside them the month of registration, another
-- kind of loan, and a settled one.
CREATE OR REPLACE TEMP TABLE unregistered AS
SELECT *, ['never registered', 'another family''s number', 'another kind of loan', 'settled long ago'][CAST((row_number() OVER (ORDER BY draw) - 1) % 4 + 1 AS INTEGER)] AS variant
FROM (FROM free_loan WHERE class = 'other' ORDER BY draw LIMIT wanted(3) * 4);
INSERT INTO planted SELECT 'L03', variant, CASE WHEN variant IN ('never registered', 'another family''s number') THEN '命中' ELSE '未命中' END, loan_no, hno, NULL FROM unregistered;
UPDATE c_bank_loan SET product_code = CASE WHEN u.variant = 'another kind of loan' THEN '2' ELSE '1' END, settled_date = CASE WHEN u.variant = 'settled long ago' THEN '2018-12-20' END,
  balance_yuan = CASE WHEN u.variant = 'settled long ago' THEN '0.00' ELSE balance_yuan END,
  amount_yuan = CASE WHEN u.variant = 'another family''s number' THEN '1000.00' ELSE amount_yuan END, household_id = CASE WHEN u.variant = 'another family''s number' THEN (SELECT min(household_id) FROM free WHERE class = 'exited' AND NOT has_loan) END
FROM unregistered u WHERE u.loan_no = c_bank_loan.loan_no;
UPDATE c_bank_loan SET balance_yuan = '1000.00' WHERE loan_no IN (SELECT loan_no FROM unregistered WHERE variant = 'another family''s number');

CREATE OR REPLACE TEMP TABLE early AS
SELECT f.*, r.identified_month, CASE WHEN row_number() OVER (ORDER BY f.draw) % 2 = 1 THEN 'lent a month before' ELSE 'lent in the month itself' END AS variant
FROM free_loan f JOIN c_registry_household r ON r.household_id = f.household_id WHERE f.class = 'exited' AND r.identified_month IN ('2016-11', '2016-12') ORDER BY f.draw LIMIT wanted(4);
INSERT INTO planted SELECT 'L03', variant, CASE WHEN variant = 'lent a month before' THEN '命中' ELSE '未命中' END, loan_no, hno, NULL FROM early;
UPDATE c_bank_loan SET issued_date = day, due_date = CAST(CAST(day AS DATE) + INTERVAL 36 MONTH AS DATE), annual_rate = '0.0475', amount_yuan = '1000.00', balance_yuan = '1000.00'
FROM (SELECT loan_no, CASE WHEN variant LIKE '%before' THEN CASE identified_month WHEN '2016-11' THEN '2016-10-31' ELSE '2016-11-30' END ELSE identified_month || '-02' END AS day FROM early) e WHERE e.loan_no = c_bank_loan.loan_no;
