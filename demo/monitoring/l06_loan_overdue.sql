-- L06 逾期、临期: loans that were due yesterday; beside them those due today and in ninety days, and one that was settled on its day. All others that are overdue: z_loans.sql.
CREATE OR REPLACE TEMP TABLE due AS
SELECT *, ['due yesterday', 'due today', 'due in ninety days', 'settled on its day'][CAST((row_number() OVER (ORDER BY draw) - 1) % 4 + 1 AS INTEGER)] AS variant
FROM (FROM free_loan WHERE class = 'exited' AND size >= 3 ORDER BY draw LIMIT wanted(2) * 4);
INSERT INTO planted SELECT 'L06', variant, CASE WHEN variant = 'due yesterday' THEN '命中' WHEN variant = 'settled on its day' THEN '未命中' ELSE '无法判定' END, loan_no, hno, NULL FROM due;
UPDATE c_bank_loan SET due_date = CAST(CAST(getvariable('as_of') AS DATE) + CASE d.variant WHEN 'due yesterday' THEN -1 WHEN 'due in ninety days' THEN 90 ELSE 0 END AS VARCHAR),
  balance_yuan = CASE WHEN d.variant = 'settled on its day' THEN '0.00' ELSE '1000.00' END, settled_date = CASE WHEN d.variant = 'settled on its day' THEN getvariable('as_of') END
FROM due d WHERE d.loan_no = c_bank_loan.loan_no;
