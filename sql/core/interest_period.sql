-- core.interest_period
-- 贴息明细：每一笔贴息（一个批次里一张借据的一段计息时间）按规定应贴多少，实贴多少，有没有逾期、结清以后还贴，时段是否重复。
-- Grain: one row per subsidy batch, loan note and first day of the period.
-- 政策依据: 国开办发〔2014〕78号、银监发〔2017〕42号 财政全额贴息：5 万元以下、基准利率以内，逾期的不贴。
-- Inputs: core.interest_subsidy_now, core.loan, ref.parameter, ref.run.
-- Limits: 本金取贴息表与借据中较小的，不超过单户上限；利率不超过放款时基准利率，放款时没有参数的取所填利率。天数到止息日、逾期起日前一天、结清日中最早的一天为止，末日算不算
--   都可以：所填天数与其中之一相符时只认所填天数，否则两种算法之间（low_yuan 到 high_yuan）都算对。一年按 360 天。due_subsidy_yuan 为这个范围里离实贴额最近的
--   数。查不到借据的 has_loan 为假，只按贴息表自己算。
-- Tie-breaks: 同一借据的时段按起息日、止息日、批次号排序，后一笔的起息日早于以前各笔最晚止息日的为重复。
WITH parameter AS (
  SELECT max(CASE WHEN parameter.code = 'LOAN_CAP' THEN parameter.value END) AS loan_cap
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
period AS (
  SELECT
    subsidy.subsidy_batch, subsidy.loan_no, subsidy.accrual_from_date, subsidy.accrual_to_date, subsidy.accrual_days, subsidy.paid_subsidy_yuan,
    subsidy.payout_date, subsidy.name, subsidy.account_name, coalesce(loan.bank, subsidy.bank) AS bank,
    coalesce(subsidy.person_key, loan.person_key) AS person_key, loan.household_id, loan.village_code, loan.loan_no IS NOT NULL AS has_loan,
    least(subsidy.amount_yuan, coalesce(loan.amount_yuan, subsidy.amount_yuan), parameter.loan_cap) AS principal_yuan,
    least(
      coalesce(subsidy.annual_rate, loan.annual_rate), coalesce(benchmark.value, subsidy.annual_rate, loan.annual_rate)
    ) AS annual_rate,
    loan.settled_date,
    coalesce(loan.overdue_from_date - 1, CASE WHEN loan.is_overdue THEN loan.due_date END) AS last_sound_date,
    max(subsidy.accrual_to_date) OVER (
      PARTITION BY subsidy.loan_no ORDER BY subsidy.accrual_from_date, subsidy.accrual_to_date, subsidy.subsidy_batch
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS told_to_date
  FROM core.interest_subsidy_now AS subsidy
  CROSS JOIN parameter
  LEFT JOIN core.loan AS loan ON loan.loan_no = subsidy.loan_no
  LEFT JOIN ref.parameter AS benchmark
    ON benchmark.code = CASE WHEN loan.term_months <= 12 THEN 'LOAN_RATE_1Y' WHEN loan.term_months > 12 THEN 'LOAN_RATE_5Y' END
    AND loan.issued_date >= benchmark.valid_from AND loan.issued_date < benchmark.valid_to
),
ended AS (
  SELECT
    period.*,
    least(accrual_to_date, coalesce(settled_date, accrual_to_date), coalesce(last_sound_date, accrual_to_date)) AS last_date
  FROM period
),
counted AS (
  SELECT
    ended.*,
    CASE WHEN last_date < accrual_from_date THEN 0 ELSE date_diff('day', accrual_from_date, last_date) END AS day_count,
    CASE WHEN last_date < accrual_from_date THEN 0 ELSE date_diff('day', accrual_from_date, last_date) + 1 END AS day_count_with_last
  FROM ended
),
due AS (
  SELECT
    counted.*,
    CAST(
      principal_yuan * annual_rate * CASE WHEN accrual_days = day_count_with_last THEN day_count_with_last ELSE day_count END / 360 AS DECIMAL(18, 2)
    ) AS low_yuan,
    CAST(principal_yuan * annual_rate * CASE WHEN accrual_days = day_count THEN day_count ELSE day_count_with_last END / 360 AS DECIMAL(18, 2)) AS high_yuan
  FROM counted
)
SELECT
  subsidy_batch,
  loan_no,
  accrual_from_date,
  accrual_to_date,
  payout_date,
  bank,
  person_key,
  household_id,
  village_code,
  has_loan,
  CAST(paid_subsidy_yuan AS DECIMAL(18, 2)) AS paid_subsidy_yuan,
  low_yuan,
  high_yuan,
  CAST(least(greatest(paid_subsidy_yuan, low_yuan), high_yuan) AS DECIMAL(18, 2)) AS due_subsidy_yuan,
  coalesce(settled_date < accrual_to_date, FALSE) AS is_beyond_settlement,
  coalesce(last_sound_date < accrual_to_date, FALSE) AS is_beyond_overdue,
  coalesce(told_to_date > accrual_from_date, FALSE) AS is_repeated,
  coalesce(translate(account_name, '閆闫呂劉於·•', '阎阎吕刘于') <> translate(name, '閆闫呂劉於·•', '阎阎吕刘于'), FALSE) AS is_other_payee
FROM due
