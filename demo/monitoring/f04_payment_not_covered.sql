-- F04 超付、无项目支付、用途不符: vouchers without a project or beyond its budget, or of a document for another purpose; beside them a budget paid to the fen, a reversed
-- voucher, and money without a restriction. What is paid beyond the budget is also ahead of progress (F05).
CREATE OR REPLACE TEMP TABLE paid AS
WITH chosen AS (
  SELECT *, row_number() OVER (PARTITION BY status ORDER BY draw) AS turn FROM free_project WHERE year = 2019 AND way = '5' AND status IN ('3', '4')
)
SELECT *, CASE WHEN status = '3' AND turn <= 2 THEN 'more than the budget' WHEN status = '3' AND turn <= 4 THEN 'money for another purpose' WHEN status = '3' AND turn <= 6 THEN 'money without a restriction'
  WHEN status = '3' THEN 'money of an unknown document' WHEN turn = 1 THEN 'the whole budget' ELSE 'one fen beyond the budget' END AS variant
FROM chosen WHERE status = '3' AND turn <= 8 OR status = '4' AND turn <= 2;
INSERT INTO taken_project SELECT project_no, variant FROM paid;
CREATE OR REPLACE TEMP TABLE voucher AS
SELECT 'PZX' || digits(i, 4) AS voucher_no, variant, project_no,
  CASE variant WHEN 'money for another purpose' THEN project_document(2019, '01') WHEN 'money without a restriction' THEN '锦财指农〔2019〕306号' WHEN 'money of an unknown document' THEN '锦财指农〔2019〕399号' ELSE project_document(2019, class) END AS allotment_no,
  CASE variant WHEN 'more than the budget' THEN budget WHEN 'the whole budget' THEN budget - contract_paid - cash WHEN 'one fen beyond the budget' THEN budget - contract_paid - cash + 1 ELSE 100000 END AS cents, NULL AS reversed
FROM paid
UNION ALL SELECT 'PZX9001', 'no project', NULL, '锦财指农〔2019〕306号', 1000000, NULL
UNION ALL SELECT 'PZX9002', 'a project that nobody knows', 'XM20199999', '锦财指农〔2019〕306号', 1000000, NULL
UNION ALL SELECT 'PZX9003', 'no project, but taken back', NULL, '锦财指农〔2019〕306号', 2000000, NULL
UNION ALL SELECT 'PZX9004', 'the taking back', NULL, '锦财指农〔2019〕306号', -2000000, 'PZX9003';
INSERT INTO c_fund_payment BY NAME
SELECT CAST(NULL AS BIGINT) AS pno, voucher_no, allotment_no, project_no, '2019-06-25' AS payment_date, CASE WHEN cents < 0 THEN '-' ELSE '' END || yuan(abs(cents)) AS payment_yuan, '工程款' AS payment_purpose,
  '北镇市宏达建筑工程有限公司' AS payee, '2199900000000' || right(voucher_no, 4) AS bank_account, '北镇市农村商业银行' AS bank_name, '合同、发票' AS documents, reversed AS reversed_voucher_no, FALSE AS is_spare
FROM voucher;
INSERT INTO planted
SELECT 'F04', variant, CASE WHEN variant IN ('more than the budget', 'one fen beyond the budget', 'money for another purpose', 'no project', 'a project that nobody knows') THEN '命中'
  WHEN variant = 'money of an unknown document' THEN '无法判定' ELSE '未命中' END, voucher_no, NULL, NULL FROM voucher;
INSERT INTO planted SELECT 'F05', 'paid more than the budget', '命中', project_no, NULL, NULL FROM paid WHERE variant = 'more than the budget';
