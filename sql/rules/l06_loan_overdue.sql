-- L06 逾期、临期
-- 扶贫贷款到期没有还清的；还有 90 天以内到期、而所在建档立卡户收入比一年前下降的。
-- 政策依据: 北委发〔2019〕5号 四(七)“避免贫困户因过度举债导致返贫”；银监发〔2017〕42号 风险防控。
-- Severity: 红
-- Owner: yinhang
-- Version: 1，2014-12-01 至 9999-12-31
-- Subject: loan（借款人所在的建档立卡户）
-- Parameters: LOAN_DUE_DAYS
-- Feeds: bank_loan, registry_household, registry_person
-- Undone by: loan_repayment
-- Inputs: core.loan, core.registry_household_now, core.registry_household, ref.parameter, ref.run.
-- Limits: 各种扶贫贷款都看。逾期以银行数据日期为准；到期日在银行数据日期和运行日之间的，不知道是否已还，无法判定。到期日当天还不算逾期，90 天当天算临期。
--   临期的收入与平台一年前掌握的登记人均纯收入比较，平台没有一年前数据的无法判定。逾期应按红色、临期应按黄色办理：一条规则只有一个级别，看 clue_basis 区分。
-- Tie-breaks: none; history of a household has one row on a day.
WITH parameter AS (
  SELECT max(CASE WHEN parameter.code = 'LOAN_DUE_DAYS' THEN parameter.value END) AS due_days
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
open_loan AS (
  SELECT
    loan.loan_no, loan.person_key, loan.household_id, loan.village_code, loan.balance_yuan, loan.overdue_yuan, loan.due_date, loan.is_overdue,
    date_diff('day', run.as_of, loan.due_date) AS days_to_due, run.as_of
  FROM core.loan AS loan
  CROSS JOIN ref.run AS run
  WHERE loan.is_open
),
near AS (
  SELECT
    open_loan.loan_no,
    max(CASE WHEN past.net_income_per_head_yuan > household.net_income_per_head_yuan THEN 1 ELSE 0 END) AS is_down,
    max(CASE WHEN past.net_income_per_head_yuan <= household.net_income_per_head_yuan THEN 1 ELSE 0 END) AS is_not_down
  FROM open_loan
  CROSS JOIN parameter
  INNER JOIN core.registry_household_now AS household ON household.household_id = open_loan.household_id
  INNER JOIN core.registry_household AS past ON past.household_id = open_loan.household_id
  WHERE NOT open_loan.is_overdue AND open_loan.days_to_due BETWEEN 0 AND parameter.due_days
    AND past.recorded_to = TIMESTAMP '9999-12-31 00:00:00'
    AND past.valid_from <= open_loan.as_of - INTERVAL 1 YEAR AND past.valid_to > open_loan.as_of - INTERVAL 1 YEAR
  GROUP BY open_loan.loan_no
)
SELECT
  open_loan.loan_no AS subject,
  open_loan.person_key,
  open_loan.household_id,
  open_loan.village_code,
  CASE
    WHEN open_loan.is_overdue THEN '命中'
    WHEN open_loan.days_to_due < 0 THEN '无法判定'
    WHEN open_loan.days_to_due > parameter.due_days OR near.is_not_down = 1 THEN '未命中'
    WHEN near.is_down = 1 THEN '命中'
    ELSE '无法判定'
  END AS verdict,
  CASE
    WHEN open_loan.is_overdue THEN '逾期'
    WHEN open_loan.days_to_due < 0 THEN '到期后银行数据未更新'
    WHEN open_loan.days_to_due <= parameter.due_days THEN '临期'
    ELSE '未到期'
  END AS clue_basis,
  CAST(open_loan.balance_yuan AS DECIMAL(18, 2)) AS one_loan_balance_yuan,
  open_loan.overdue_yuan,
  open_loan.due_date AS loan_due_date,
  open_loan.days_to_due
FROM open_loan
CROSS JOIN parameter
LEFT JOIN near ON near.loan_no = open_loan.loan_no
