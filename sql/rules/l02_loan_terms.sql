-- L02 超期限、超利率、借款人超龄
-- 扶贫小额信贷期限超过 36 个月，利率高于放款时基准利率，或借款人放款时不足 18 周岁、超过 65 周岁的。
-- 政策依据: 国开办发〔2014〕78号、银监发〔2017〕42号：3 年以内、基准利率放贷、借款人年满 18 周岁不超过 65 周岁；北委发〔2019〕5号 三(二)2。
-- Severity: 橙
-- Owner: yinhang
-- Version: 1，2014-12-01 至 9999-12-31
-- Subject: loan（借款人所在的建档立卡户）
-- Parameters: LOAN_TERM, LOAN_RATE_1Y, LOAN_RATE_5Y, LOAN_AGE_MIN, LOAN_AGE_MAX
-- Feeds: bank_loan, household_registration|registry_person
-- Inputs: core.loan, ref.parameter, ref.run.
-- Limits: 只看没有结清的扶贫小额信贷。基准利率取放款那一天的参数，期限 12 个月以内（含）用一年期，以上用一至五年期；放款时没有参数的，利率无法判定。
--   展期、续贷过的借据不比期限（见 L09）。年龄按放款日的周岁，恰好 65 周岁不算超龄；出生日期、利率查不到的无法判定。
-- Tie-breaks: none; one row per loan note.
WITH parameter AS (
  SELECT
    max(CASE WHEN parameter.code = 'LOAN_TERM' THEN parameter.value END) AS loan_term,
    max(CASE WHEN parameter.code = 'LOAN_AGE_MIN' THEN parameter.value END) AS age_min,
    max(CASE WHEN parameter.code = 'LOAN_AGE_MAX' THEN parameter.value END) AS age_max
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
judged AS (
  SELECT
    loan.loan_no, loan.person_key, loan.household_id, loan.village_code, loan.term_months, loan.annual_rate, loan.age_at_issue,
    benchmark.value AS rate_cap,
    NOT coalesce(loan.is_extended, FALSE) AND loan.term_months > parameter.loan_term AS is_too_long,
    loan.annual_rate > benchmark.value AS is_too_dear,
    loan.age_at_issue < parameter.age_min OR loan.age_at_issue > parameter.age_max AS is_age_wrong
  FROM core.loan AS loan
  CROSS JOIN parameter
  LEFT JOIN ref.parameter AS benchmark
    ON benchmark.code = CASE WHEN loan.term_months <= 12 THEN 'LOAN_RATE_1Y' ELSE 'LOAN_RATE_5Y' END
    AND loan.issued_date >= benchmark.valid_from AND loan.issued_date < benchmark.valid_to
  WHERE loan.product_code = '1' AND loan.is_open
)
SELECT
  loan_no AS subject,
  person_key,
  household_id,
  village_code,
  CASE
    WHEN is_too_long OR is_too_dear OR is_age_wrong THEN '命中'
    WHEN is_too_dear IS NULL OR is_age_wrong IS NULL THEN '无法判定'
    ELSE '未命中'
  END AS verdict,
  concat_ws(
    '、',
    CASE WHEN is_too_long THEN '超期限' END,
    CASE WHEN is_too_dear THEN '超利率' END,
    CASE WHEN is_age_wrong THEN '年龄不符' END
  ) AS clue_basis,
  term_months,
  CAST(annual_rate AS DECIMAL(12, 8)) AS loan_rate,
  CAST(rate_cap AS DECIMAL(12, 8)) AS loan_rate_cap,
  age_at_issue
FROM judged
