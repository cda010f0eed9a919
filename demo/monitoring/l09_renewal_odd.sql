-- L09 展期、续贷异常: loans renewed twice, beyond the policy's end, or given to hide one that was overdue; beside them one renewal to the last day, a renewal in time, and a
-- renewal of which nobody told how often.
CREATE OR REPLACE TEMP TABLE renewed AS
SELECT *, ['renewed twice', 'a chain of notes', 'beyond the policy''s end', 'hides an overdue loan', 'once, to the policy''s last day', 'renewed in time', 'nobody told how often'][CAST((row_number() OVER (ORDER BY draw) - 1) % 7 + 1 AS INTEGER)] AS variant
FROM (FROM free_loan WHERE class = 'exited' ORDER BY draw LIMIT wanted(2) * 7);
INSERT INTO planted SELECT 'L09', variant, CASE WHEN variant IN ('once, to the policy''s last day', 'renewed in time') THEN '未命中' WHEN variant = 'nobody told how often' THEN '无法判定' ELSE '命中' END, loan_no, hno, NULL FROM renewed;
DELETE FROM c_interest_subsidy WHERE loan_no IN (SELECT loan_no FROM renewed);
UPDATE c_bank_loan SET is_extended = CASE WHEN r.variant IN ('hides an overdue loan', 'renewed in time', 'a chain of notes') THEN '否' ELSE '是' END, extension_count = CASE r.variant WHEN 'renewed twice' THEN '2' WHEN 'beyond the policy''s end' THEN '1' WHEN 'once, to the policy''s last day' THEN '1' END,
  issued_date = '2018-02-01', due_date = CASE r.variant WHEN 'beyond the policy''s end' THEN '2021-01-01' ELSE '2020-12-31' END,
  original_loan_no = CASE WHEN r.variant IN ('a chain of notes', 'hides an overdue loan', 'renewed in time') THEN 'JJP' || substr(r.loan_no, 3) END
FROM renewed r WHERE r.loan_no = c_bank_loan.loan_no;
-- The notes before, settled with the new ones. One of a chain has one before it; those of the others were due before or on the day.
INSERT INTO c_bank_loan BY NAME
SELECT l.* EXCLUDE (n) REPLACE ('JJP' || substr(l.loan_no, 3) AS loan_no, 'HTP' || substr(l.loan_no, 3) AS contract_no, '0.00' AS balance_yuan, '2017-02-01' AS issued_date, CASE r.variant WHEN 'hides an overdue loan' THEN '2018-01-10' ELSE '2018-02-01' END AS due_date, '2018-02-01' AS settled_date,
  CASE r.variant WHEN 'a chain of notes' THEN 'JJQ' || substr(l.loan_no, 3) END AS original_loan_no, '否' AS is_extended, FALSE AS is_spare)
FROM renewed r JOIN c_bank_loan l USING (loan_no) WHERE r.variant IN ('a chain of notes', 'hides an overdue loan', 'renewed in time');
