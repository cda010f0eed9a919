-- L08 贴息错误
-- 贴息金额与“本金×利率×天数÷360”相差超过 1 元，结清或逾期以后还在贴息，同一时段重复贴息，或付给借款人以外的人的。
-- 政策依据: 国开办发〔2014〕78号、银监发〔2017〕42号 财政全额贴息：5 万元以下、基准利率以内，逾期和违规使用的不贴；北委发〔2019〕5号 三(二)2。
-- Severity: 橙
-- Owner: caizheng
-- Version: 1，2014-12-01 至 9999-12-31
-- Subject: payment（借款人所在的建档立卡户）
-- Scope: person_key
-- Parameters: LOAN_CAP, LOAN_RATE_1Y, LOAN_RATE_5Y, SUBSIDY_TOLERANCE
-- Feeds: interest_subsidy, bank_loan
-- Undone by: bank_loan
-- Inputs: core.interest_period, ref.parameter, ref.run.
-- Limits: 应贴息怎样算见 core.interest_period；相差恰好 1 元不算。查不到借据或利率的，算得对也无法判定，因为看不到逾期和结清。户名为空的不比。是否违规使用由人核实，不在这里停贴。
-- Tie-breaks: none; one row per batch, note and period.
WITH parameter AS (
  SELECT max(CASE WHEN parameter.code = 'SUBSIDY_TOLERANCE' THEN parameter.value END) AS tolerance
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
judged AS (
  SELECT
    period.subsidy_batch, period.loan_no, period.accrual_from_date, period.accrual_to_date, period.person_key, period.household_id, period.village_code,
    period.has_loan, period.paid_subsidy_yuan, period.due_subsidy_yuan, period.is_beyond_settlement, period.is_beyond_overdue, period.is_repeated,
    period.is_other_payee,
    period.paid_subsidy_yuan - period.due_subsidy_yuan AS difference_yuan,
    coalesce(period.paid_subsidy_yuan - period.due_subsidy_yuan > parameter.tolerance, FALSE) AS is_too_much,
    coalesce(period.due_subsidy_yuan - period.paid_subsidy_yuan > parameter.tolerance, FALSE) AS is_too_little
  FROM core.interest_period AS period
  CROSS JOIN parameter
)
SELECT
  subsidy_batch || '/' || loan_no || '/' || CAST(accrual_from_date AS VARCHAR) AS subject,
  person_key,
  household_id,
  village_code,
  CASE
    WHEN is_too_much OR is_too_little OR is_other_payee OR is_repeated THEN '命中'
    WHEN NOT has_loan OR due_subsidy_yuan IS NULL THEN '无法判定'
    ELSE '未命中'
  END AS verdict,
  concat_ws(
    '、',
    CASE
      WHEN is_too_much AND is_beyond_settlement THEN '结清后仍贴息'
      WHEN is_too_much AND is_beyond_overdue THEN '逾期后仍贴息'
      WHEN is_too_much THEN '多贴'
      WHEN is_too_little THEN '少贴'
    END,
    CASE WHEN is_repeated THEN '时段重复' END,
    CASE WHEN is_other_payee THEN '收款人不是借款人' END
  ) AS clue_basis,
  paid_subsidy_yuan,
  due_subsidy_yuan,
  CAST(difference_yuan AS DECIMAL(18, 2)) AS subsidy_difference_yuan,
  accrual_from_date,
  accrual_to_date
FROM judged
