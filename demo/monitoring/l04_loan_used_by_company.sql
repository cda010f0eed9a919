-- L04 户贷企用: the county's own loans that a company got; a neighbour who got one or who repays, a company that pays the interest, three families with one enterprise, a dividend
-- of five per cent. Beside them spouses, the compensation fund, two families, three in 31 days, and a dividend of no round share.
INSERT INTO planted SELECT DISTINCT 'L04', 'paid to a company', '命中', loan_no, hno, NULL FROM c_bank_loan JOIN person USING (pno) WHERE product_code = '1' AND settled_date IS NULL AND payee LIKE '%公司';

CREATE OR REPLACE TEMP TABLE used AS
SELECT *, ['paid to a neighbour', 'repaid by a neighbour', 'interest paid by a company', 'dividend of five per cent', 'paid to the spouse', 'repaid by the spouse', 'repaid by the fund', 'dividend of no round share'][CAST((row_number() OVER (ORDER BY draw) - 1) % 8 + 1 AS INTEGER)] AS variant
FROM (SELECT f.*, s.name AS relative FROM free_loan f JOIN person s ON s.hno = f.hno AND s.k = 2 WHERE class = 'exited' AND s.name <> f.name ORDER BY draw LIMIT wanted(2) * 8);
INSERT INTO planted SELECT 'L04', variant, CASE WHEN variant IN ('paid to a neighbour', 'repaid by a neighbour', 'interest paid by a company', 'dividend of five per cent') THEN '命中' ELSE '未命中' END, loan_no, hno, NULL FROM used;
UPDATE c_bank_loan SET payee = CASE u.variant WHEN 'paid to a neighbour' THEN '司徒邻生' WHEN 'paid to the spouse' THEN u.relative ELSE payee END,
  amount_yuan = CASE WHEN u.variant LIKE 'dividend%' THEN '10000.00' ELSE amount_yuan END, balance_yuan = CASE WHEN u.variant LIKE 'dividend%' THEN '9000.00' ELSE balance_yuan END,
  dividend_yuan = CASE u.variant WHEN 'dividend of five per cent' THEN '500.00' WHEN 'dividend of no round share' THEN '512.40' END,
  enterprise = CASE WHEN u.variant LIKE 'dividend%' THEN '北镇市' || translate(right(u.loan_no, 5), '0123456789', '春夏秋冬东南西北中和') || '农业有限公司' END, enterprise_poor_household_count = CASE WHEN u.variant LIKE 'dividend%' THEN '12' END
FROM used u WHERE u.loan_no = c_bank_loan.loan_no;
DELETE FROM c_loan_repayment WHERE loan_no IN (SELECT loan_no FROM used);
INSERT INTO c_loan_repayment BY NAME
SELECT f.* REPLACE (u.pno AS pno, 'HKX' || substr(u.loan_no, 3) AS repayment_no, u.loan_no AS loan_no, u.name AS name, u.citizen_id AS citizen_id, CASE u.variant WHEN 'repaid by the fund' THEN '4' ELSE '1' END AS repayment_kind_code, '2019-03-20' AS repaid_date,
  CASE u.variant WHEN 'repaid by a neighbour' THEN '司徒邻生' WHEN 'interest paid by a company' THEN '北镇市兴农果业有限公司' WHEN 'repaid by the spouse' THEN u.relative WHEN 'repaid by the fund' THEN '北镇市小额信贷风险补偿中心' ELSE u.name END AS account_name, FALSE AS is_spare)
FROM used u CROSS JOIN (SELECT * EXCLUDE (n) FROM c_loan_repayment ORDER BY n LIMIT 1) f;

CREATE OR REPLACE TEMP TABLE club AS
SELECT *, CASE WHEN turn <= 3 THEN 'three families in thirty days' WHEN turn <= 6 THEN 'three families in thirty-one days' WHEN turn <= 8 THEN 'two families' ELSE 'three families, another sum' END AS variant, turn - CASE WHEN turn <= 3 THEN 0 WHEN turn <= 6 THEN 3 WHEN turn <= 8 THEN 6 ELSE 8 END AS place
FROM (SELECT *, row_number() OVER (ORDER BY draw) AS turn FROM (FROM free_loan WHERE class = 'exited' AND size >= 2 ORDER BY draw LIMIT 11));
INSERT INTO planted SELECT 'L04', variant, CASE WHEN variant = 'three families in thirty days' THEN '命中' ELSE '未命中' END, loan_no, hno, NULL FROM club;
UPDATE c_bank_loan SET enterprise = '北镇市' || c.variant, enterprise_code = CASE c.variant WHEN 'two families' THEN NULL ELSE '91210782' || upper(left(md5(c.variant), 10)) END, enterprise_poor_household_count = '30',
  amount_yuan = CASE WHEN c.variant = 'three families, another sum' THEN CAST(8000 + c.place AS VARCHAR) || '.00' ELSE '8000.00' END, balance_yuan = '8000.00',
  issued_date = CASE c.place WHEN 1 THEN '2018-03-01' WHEN 2 THEN '2018-03-15' ELSE CASE WHEN c.variant = 'three families in thirty-one days' THEN '2018-04-01' ELSE '2018-03-31' END END, due_date = '2021-03-01'
FROM club c WHERE c.loan_no = c_bank_loan.loan_no;
UPDATE c_bank_loan SET enterprise = replace(replace(replace(replace(enterprise, 'three families in thirty days', '齐心果业有限公司'), 'three families in thirty-one days', '众力牧业有限公司'), 'two families', '双丰合作社'), 'three families, another sum', '三和农业有限公司') WHERE loan_no IN (SELECT loan_no FROM club);
