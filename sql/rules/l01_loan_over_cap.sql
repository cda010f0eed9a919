-- L01 单户贷款超限
-- 建档立卡户全家扶贫小额信贷余额合计超过上限的。
-- 政策依据: 国开办发〔2014〕78号、银监发〔2017〕42号：扶贫小额信贷每户 5 万元以下；北委发〔2019〕5号 三(二)2、四(七)。
-- Severity: 红
-- Owner: yinhang
-- Version: 1，2014-12-01 至 9999-12-31
-- Subject: household（建档立卡共同生活户）
-- Scope: household_id = subject
-- Parameters: LOAN_CAP
-- Feeds: bank_loan, registry_household, registry_person
-- Inputs: core.bank_loan_now, core.member, core.registry_household_now, ref.parameter, ref.run.
-- Limits: 只算产品为扶贫小额信贷、没有结清的余额；展期、续贷后旧借据余额为零，不会重复计算。借款人不在册的按借据上的户编号归户。
-- Tie-breaks: none (sums only).
WITH parameter AS (
  SELECT max(CASE WHEN parameter.code = 'LOAN_CAP' THEN parameter.value END) AS loan_cap
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
owed AS (
  SELECT
    coalesce(member.household_id, loan.household_id) AS household_id,
    sum(loan.balance_yuan) AS microcredit_balance_yuan,
    count(*) AS loan_count
  FROM core.bank_loan_now AS loan
  LEFT JOIN core.member AS member ON member.person_key = loan.person_key
  WHERE loan.product_code = '1' AND loan.settled_date IS NULL AND loan.balance_yuan > 0
  GROUP BY coalesce(member.household_id, loan.household_id)
)
SELECT
  household.household_id AS subject,
  household.person_key,
  household.household_id,
  household.village_code,
  CASE WHEN owed.microcredit_balance_yuan > parameter.loan_cap THEN '命中' ELSE '未命中' END AS verdict,
  owed.loan_count,
  CAST(owed.microcredit_balance_yuan AS DECIMAL(18, 2)) AS microcredit_balance_yuan,
  parameter.loan_cap
FROM core.registry_household_now AS household
INNER JOIN owed ON owed.household_id = household.household_id
CROSS JOIN parameter
