-- After every other situation: what the county's loans come to, from the rows that the bank sends, for the rules that judge all of them.
CREATE OR REPLACE TEMP TABLE owed AS
SELECT l.loan_no, l.bank, l.product_code, p.hno, p.town_code, p.is_registered, CAST(l.balance_yuan AS DECIMAL(18, 2)) AS balance, CAST(l.annual_rate AS DECIMAL(8, 6)) AS rate, CAST(l.due_date AS DATE) AS due,
  CAST(l.due_date AS DATE) < CAST(getvariable('as_of') AS DATE) OR coalesce(CAST(l.overdue_from_date AS DATE) <= CAST(getvariable('as_of') AS DATE), FALSE) AS is_late, l.household_id
FROM c_bank_loan l JOIN person p USING (pno) WHERE l.settled_date IS NULL AND CAST(l.balance_yuan AS DECIMAL(18, 2)) > 0;

INSERT INTO planted SELECT 'L06', 'overdue', '命中', loan_no, NULL, NULL FROM owed WHERE is_late;

INSERT INTO planted
SELECT 'L07', 'more than the income carries', '命中', o.household_id, NULL, NULL
FROM owed o JOIN c_registry_household r ON r.household_id = o.household_id GROUP BY o.household_id, r.net_income_yuan
HAVING sum(balance) > 3 * CAST(r.net_income_yuan AS DECIMAL(18, 2))
  OR sum(CASE WHEN due <= CAST(getvariable('as_of') AS DATE) + INTERVAL 1 YEAR THEN balance ELSE 0 END + balance * rate) > CAST(r.net_income_yuan AS DECIMAL(18, 2)) / 2;

INSERT INTO planted
SELECT 'L10', 'a branch with loans overdue', CASE WHEN sum(CASE WHEN is_late THEN balance ELSE 0 END) * 100 >= sum(balance) THEN '命中' ELSE '未命中' END, town_code || ' ' || bank, NULL, NULL
FROM owed WHERE product_code = '1' GROUP BY town_code, bank;
