-- L07 过度举债
-- 建档立卡户一年内应还的贷款本息超过家庭纯收入的一半，或全部贷款余额超过家庭纯收入三倍的。
-- 政策依据: 北委发〔2019〕5号 四(七)“避免贫困户因过度举债导致返贫”；比例为工作口径，待核准。
-- Severity: 橙
-- Owner: yinhang
-- Version: 1，2014-12-01 至 9999-12-31
-- Subject: household（建档立卡共同生活户）
-- Scope: household_id = subject
-- Parameters: DEBT_SERVICE_RATIO, DEBT_INCOME_RATIO
-- Feeds: bank_loan, registry_household, registry_person
-- Undone by: registry_household
-- Inputs: core.loan, core.registry_household_now, ref.parameter, ref.run.
-- Limits: 只判有未结清贷款的建档立卡户；民间借贷看不到。一年内应还 = 一年内到期（含已逾期）的余额 + 全部余额按年利率计的一年利息；到期一次还本，没有分期计划。
--   财政贴息不从利息中扣除。家庭纯收入登记为空的无法判定，为零或负数而有贷款的命中；恰好等于比例的不算。
-- Tie-breaks: none (sums only).
WITH parameter AS (
  SELECT
    max(CASE WHEN parameter.code = 'DEBT_SERVICE_RATIO' THEN parameter.value END) AS service_ratio,
    max(CASE WHEN parameter.code = 'DEBT_INCOME_RATIO' THEN parameter.value END) AS income_ratio
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
owed AS (
  SELECT
    loan.household_id,
    count(*) AS loan_count,
    CAST(sum(loan.balance_yuan) AS DECIMAL(18, 2)) AS loan_balance_yuan,
    CAST(
      sum(
        CASE WHEN loan.due_date <= run.as_of + INTERVAL 1 YEAR THEN loan.balance_yuan ELSE 0 END + loan.balance_yuan * coalesce(loan.annual_rate, 0)
      ) AS DECIMAL(18, 2)
    ) AS due_within_year_yuan
  FROM core.loan AS loan
  CROSS JOIN ref.run AS run
  WHERE loan.is_open AND loan.household_id IS NOT NULL
  GROUP BY loan.household_id
)
SELECT
  household.household_id AS subject,
  household.person_key,
  household.household_id,
  household.village_code,
  CASE
    WHEN household.net_income_yuan IS NULL THEN '无法判定'
    WHEN household.net_income_yuan <= 0 THEN '命中'
    WHEN owed.due_within_year_yuan > household.net_income_yuan * parameter.service_ratio THEN '命中'
    WHEN owed.loan_balance_yuan > household.net_income_yuan * parameter.income_ratio THEN '命中'
    ELSE '未命中'
  END AS verdict,
  owed.loan_count,
  owed.loan_balance_yuan,
  owed.due_within_year_yuan,
  CAST(household.net_income_yuan AS DECIMAL(18, 2)) AS household_net_income_yuan
FROM owed
INNER JOIN core.registry_household_now AS household ON household.household_id = owed.household_id
CROSS JOIN parameter
