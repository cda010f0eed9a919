-- 资金支付: two vouchers to the contractor of a project, and one to each household that has money from it.
WITH contractor AS (
  SELECT *, unnest([1, 2]) AS turn FROM project_money() WHERE contract_paid > 0
), voucher AS (
  SELECT 'PZ' || CAST(year AS VARCHAR) || digits(i, 4) || CAST(turn AS VARCHAR) AS voucher_no, project_document(year, class) AS allotment_no, project_no,
    CASE WHEN year = 2019 THEN DATE '2019-03-15' ELSE DATE '2018-05-01' END + CAST(60 * (turn - 1) + dice(i * 10 + turn, 'paid', 30) AS INTEGER) AS day,
    CASE turn WHEN 1 THEN contract_paid * 60 // 100 ELSE contract_paid - contract_paid * 60 // 100 END AS amount, '工程款' AS purpose,
    '北镇市' || char_of('宏建安恒鼎', i, 'contractor') || char_of('达兴盛源通', i, 'contractor 2') || '建筑工程有限公司' AS payee, '2199' || digits(900000000 + i, 9) || '0001' AS account
  FROM contractor
  UNION ALL
  SELECT 'PZH' || digits(pno, 9), project_document(year, class), project_no, day, amount, '到户补助', name, '2199' || digits(hno, 9) || digits(dice(hno, 'account', 10000), 4) FROM project_list() WHERE way = '1'
)
SELECT CAST(NULL AS BIGINT) AS pno, voucher_no, allotment_no, project_no, CAST(day AS VARCHAR) AS payment_date, yuan(amount) AS payment_yuan, purpose AS payment_purpose, payee, account AS bank_account, '北镇市农村商业银行' AS bank_name,
  CASE WHEN purpose = '工程款' THEN '合同、发票、验收单' ELSE '受益花名册' END AS documents, CAST(NULL AS VARCHAR) AS reversed_voucher_no, FALSE AS is_spare
FROM voucher ORDER BY voucher_no
