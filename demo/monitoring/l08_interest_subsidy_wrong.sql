-- L08 贴息错误: too much by a yuan and a fen, too little, beyond the day of settlement or of falling overdue, twice, to somebody else; beside them a yuan too much, a last day that
-- is not counted, and a quarter that ends before the loan is overdue. Loans that a situation changed have no subsidy left to be compared with.
DELETE FROM c_interest_subsidy WHERE loan_no IN (SELECT loan_no FROM c_bank_loan JOIN person USING (pno) WHERE hno IN (SELECT hno FROM planted WHERE rule_id IN ('L02', 'L03', 'L04', 'L05', 'L06', 'L07') AND variant <> 'paid to a company'));
CREATE OR REPLACE TEMP TABLE paid AS
SELECT *, ['golden', 'a yuan and a fen too much', 'exactly a yuan too much', 'a yuan and a fen too little', 'last day not counted', 'beyond settlement', 'up to settlement', 'beyond the due date', 'paid twice', 'paid to somebody else'][CAST((row_number() OVER (ORDER BY draw) - 1) % 10 + 1 AS INTEGER)] AS variant
FROM (FROM free_loan WHERE class = 'exited' AND size >= 3 ORDER BY draw LIMIT wanted(2) * 10);
DELETE FROM c_interest_subsidy WHERE loan_no IN (SELECT loan_no FROM paid);
-- 50,000 yuan at 4.35 per cent for 181 days.
UPDATE c_bank_loan SET amount_yuan = '50000.00', balance_yuan = CASE WHEN p.variant LIKE '%settlement' THEN '0.00' ELSE '1000.00' END, annual_rate = '0.0435', issued_date = '2018-01-10', due_date = CASE p.variant WHEN 'beyond the due date' THEN '2019-03-01' ELSE '2021-01-10' END,
  settled_date = CASE WHEN p.variant LIKE '%settlement' THEN '2019-03-01' END, overdue_from_date = CASE p.variant WHEN 'beyond the due date' THEN '2019-03-02' END
FROM paid p WHERE p.loan_no = c_bank_loan.loan_no;
INSERT INTO c_interest_subsidy BY NAME
SELECT pno, batch AS subsidy_batch, '2019年第一季度' AS quarter, name, citizen_id, loan_no, '50000.00' AS amount_yuan, '2018-10-01' AS accrual_from_date, CASE variant WHEN 'up to settlement' THEN '2019-03-01' ELSE '2019-03-30' END AS accrual_to_date,
  CASE variant WHEN 'last day not counted' THEN '180' WHEN 'up to settlement' THEN '152' ELSE '181' END AS accrual_days, '0.0435' AS annual_rate, paid AS due_subsidy_yuan, paid AS paid_subsidy_yuan, '2199' || digits(hno, 9) || '0001' AS bank_account,
  CASE variant WHEN 'paid to somebody else' THEN '司徒邻生' ELSE name END AS account_name, '2019-04-12' AS payout_date, FALSE AS is_spare
FROM (SELECT *, unnest(CASE variant WHEN 'paid twice' THEN ['TX2019S1', 'TX2019S2'] ELSE ['TX2019S1'] END) AS batch,
  CASE variant WHEN 'a yuan and a fen too much' THEN '1094.55' WHEN 'exactly a yuan too much' THEN '1094.54' WHEN 'a yuan and a fen too little' THEN '1092.53' WHEN 'last day not counted' THEN '1087.50' WHEN 'up to settlement' THEN '918.33' ELSE '1093.54' END AS paid FROM paid);
INSERT INTO planted
SELECT 'L08', variant, CASE WHEN variant IN ('golden', 'exactly a yuan too much', 'last day not counted', 'up to settlement') THEN '未命中' ELSE '命中' END, CASE variant WHEN 'paid twice' THEN 'TX2019S2' ELSE 'TX2019S1' END || '/' || loan_no || '/2018-10-01', hno, NULL FROM paid;
