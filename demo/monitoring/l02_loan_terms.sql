-- L02 超期限、超利率、借款人超龄: loans of 37 months, dearer than the benchmark, or to people over 65; beside them exactly 36 months, a year's loan at the year's rate, and the
-- last day of the sixty-fifth year.
-- A loan as the bank writes it, to be changed by whoever needs another.
CREATE OR REPLACE TABLE loan_form AS SELECT * EXCLUDE (n) FROM c_bank_loan WHERE product_code = '1' AND settled_date IS NULL AND overdue_from_date IS NULL ORDER BY n LIMIT 1;
-- Households with one plain loan of the head and no other situation.
CREATE OR REPLACE VIEW free_loan AS
SELECT free.*, l.pno, l.loan_no, l.product_code, p.name, p.citizen_id, p.birth_date, p.town_name
FROM free JOIN person p ON p.hno = free.hno AND p.k = 1 JOIN c_bank_loan l ON l.pno = p.pno
WHERE l.settled_date IS NULL AND NOT EXISTS (SELECT 1 FROM c_bank_loan o JOIN person q ON q.pno = o.pno WHERE q.hno = free.hno AND o.loan_no <> l.loan_no);

CREATE OR REPLACE TEMP TABLE term AS
SELECT *, ['thirty-seven months', 'dearer than the benchmark', 'a year''s loan at the longer rate', 'exactly thirty-six months', 'a year''s loan at the year''s rate', 'thirty-six months and a day'][CAST((row_number() OVER (ORDER BY draw) - 1) % 6 + 1 AS INTEGER)] AS variant
FROM (FROM free_loan WHERE class = 'exited' ORDER BY draw LIMIT wanted(2) * 6);
INSERT INTO planted SELECT 'L02', variant, CASE WHEN variant IN ('exactly thirty-six months', 'a year''s loan at the year''s rate') THEN '未命中' ELSE '命中' END, loan_no, hno, NULL FROM term;
UPDATE c_bank_loan SET issued_date = CASE WHEN t.variant LIKE 'a year%' THEN '2018-10-10' ELSE '2018-01-31' END,
  due_date = CASE t.variant WHEN 'thirty-seven months' THEN '2021-02-28' WHEN 'thirty-six months and a day' THEN '2021-02-01' WHEN 'exactly thirty-six months' THEN '2021-01-31' WHEN 'dearer than the benchmark' THEN '2021-01-31' ELSE '2019-10-10' END,
  amount_yuan = CASE WHEN t.variant LIKE 'a year%' THEN '1000.00' ELSE amount_yuan END, balance_yuan = CASE WHEN t.variant LIKE 'a year%' THEN '1000.00' ELSE balance_yuan END,
  annual_rate = CASE t.variant WHEN 'dearer than the benchmark' THEN '0.0480' WHEN 'a year''s loan at the longer rate' THEN '0.0475' WHEN 'a year''s loan at the year''s rate' THEN '0.0435' ELSE annual_rate END
FROM term t WHERE t.loan_no = c_bank_loan.loan_no;

CREATE OR REPLACE TEMP TABLE old_head AS
SELECT f.hno, f.household_id, p.pno, p.name, p.citizen_id, p.town_name, CASE WHEN f.head_age = 66 THEN 'on the last day of sixty-five' ELSE 'over sixty-five' END AS variant,
  CASE WHEN f.head_age = 66 THEN CAST(p.birth_date + INTERVAL 66 YEAR AS DATE) - 1 ELSE DATE '2018-05-02' END AS issued
FROM (SELECT *, row_number() OVER (PARTITION BY head_age = 66 ORDER BY draw) AS turn FROM free WHERE class = 'exited' AND (head_age = 66 OR head_age >= 68) AND NOT has_loan) f JOIN person p ON p.hno = f.hno AND p.k = 1 WHERE turn <= wanted(2);
INSERT INTO planted SELECT 'L02', variant, CASE WHEN variant = 'over sixty-five' THEN '命中' ELSE '未命中' END, 'JJO' || digits(pno, 9), hno, NULL FROM old_head;
INSERT INTO c_bank_loan BY NAME
SELECT f.* REPLACE (o.pno AS pno, 'JJO' || digits(o.pno, 9) AS loan_no, 'HTO' || digits(o.pno, 9) AS contract_no, '北镇市农村商业银行' || o.town_name || '支行' AS bank, o.name AS name, o.citizen_id AS citizen_id, o.household_id AS household_id, '2000.00' AS amount_yuan, '2000.00' AS balance_yuan,
  CAST(o.issued AS VARCHAR) AS issued_date, CAST(CAST(o.issued + INTERVAL 36 MONTH AS DATE) AS VARCHAR) AS due_date, '0.0475' AS annual_rate, '养殖' AS purpose, o.name AS payee, FALSE AS is_spare)
FROM old_head o CROSS JOIN loan_form f;
