-- core.fund_voucher
-- 资金支付：每张支付凭证用的哪个指标、付给哪个项目，是不是到户的钱，有没有被红冲。
-- Grain: one row per payment voucher (voucher_no).
-- 政策依据: 北委发〔2019〕5号 三(二)1；财政专项扶贫资金管理办法。
-- Inputs: core.fund_payment_now, core.fund_indicator, core.project_now, core.project_benefit.
-- Limits: 到户的钱指：项目有资金类受益名单，并且收款人就在名单上，或付款用途写明到户、补助、补贴、奖补、补偿。budget_year 为指标的预算年度，查不到指标的取文号
--   里的年份，文号里也没有的取付款年份。红冲凭证金额为负；被红冲的凭证 is_reversed 为真，两张相抵。project_no 为空指没有项目或项目库里查不到。
-- Tie-breaks: none; the key is the voucher's number.
WITH voucher AS (
  SELECT
    voucher_no, replace(translate(allotment_no, '[]［］()（）【】', '〔〕〔〕〔〕〔〕〔〕'), '第', '') AS allotment_no, project_no, payment_date, payment_yuan,
    payment_purpose, payee, bank_account, reversed_voucher_no
  FROM core.fund_payment_now
),
reversal AS (
  SELECT reversed_voucher_no, sum(payment_yuan) AS reversed_yuan
  FROM voucher
  WHERE payment_yuan < 0 AND reversed_voucher_no IS NOT NULL
  GROUP BY reversed_voucher_no
),
cash_name AS (
  SELECT project_no, name
  FROM core.project_benefit
  WHERE benefit_way_code = '1'
  GROUP BY project_no, name
),
cash_project AS (
  SELECT project_no
  FROM cash_name
  GROUP BY project_no
)
SELECT
  voucher.voucher_no,
  voucher.allotment_no,
  indicator.allotment_no IS NOT NULL AS is_allotment_known,
  project.project_no,
  voucher.project_no AS stated_project_no,
  coalesce(
    indicator.budget_year,
    CAST(nullif(regexp_extract(voucher.allotment_no, '〔([0-9]{4})〕', 1), '') AS BIGINT),
    CAST(extract(YEAR FROM voucher.payment_date) AS BIGINT)
  ) AS budget_year,
  voucher.payment_date,
  CAST(voucher.payment_yuan AS DECIMAL(18, 2)) AS payment_yuan,
  voucher.payee,
  voucher.bank_account,
  coalesce(voucher.payment_yuan + reversal.reversed_yuan <= 0, FALSE) OR voucher.payment_yuan < 0 AS is_reversed,
  cash_project.project_no IS NOT NULL
  AND (cash_name.name IS NOT NULL OR regexp_matches(coalesce(voucher.payment_purpose, ''), '到户|补助|补贴|奖补|补偿')) AS is_to_household,
  cash_name.name IS NOT NULL AS is_payee_listed
FROM voucher
LEFT JOIN reversal ON reversal.reversed_voucher_no = voucher.voucher_no
LEFT JOIN core.fund_indicator AS indicator ON indicator.allotment_no = voucher.allotment_no
LEFT JOIN core.project_now AS project ON project.project_no = voucher.project_no
LEFT JOIN cash_project ON cash_project.project_no = voucher.project_no
LEFT JOIN cash_name ON cash_name.project_no = voucher.project_no AND cash_name.name = voucher.payee
