-- F03 资金滞留
-- 指标下达超过 30 天没有支付，或者跨了年结余仍超过规定比例的。
-- 政策依据: 北委发〔2019〕5号 三(二)1“到户到人的资金落到实处”；财政专项扶贫资金管理办法、绩效评价办法（结转结余率）。
-- Severity: 橙
-- Owner: caizheng
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: allotment（不按户）
-- Parameters: FUND_IDLE_DAYS, FUND_CARRY_RATIO
-- Feeds: fund_allotment, fund_payment
-- Inputs: core.fund_indicator, core.fund_voucher, ref.parameter, ref.run.
-- Limits: 按指标文号，同一文号几级资金合计；合计不为正的（追减）不判。已支付取支付凭证净额，财政自报支付数大于零的也算已有支付。天数按日历天，恰好 30 天不算。
--   结余按运行日的余额：预算年度已过，或者运行日就是年末，余额占指标超过比例（恰好等于不算）。
-- Tie-breaks: none (sums only).
WITH parameter AS (
  SELECT
    max(CASE WHEN parameter.code = 'FUND_IDLE_DAYS' THEN parameter.value END) AS idle_days,
    max(CASE WHEN parameter.code = 'FUND_CARRY_RATIO' THEN parameter.value END) AS carry_ratio
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
paid AS (
  SELECT voucher.allotment_no, sum(voucher.payment_yuan) AS paid_yuan
  FROM core.fund_voucher AS voucher
  CROSS JOIN ref.run AS run
  WHERE voucher.payment_date <= run.as_of
  GROUP BY voucher.allotment_no
),
judged AS (
  SELECT
    indicator.allotment_no, indicator.allotted_yuan, indicator.allotted_date, coalesce(paid.paid_yuan, 0) AS paid_yuan,
    date_diff('day', indicator.allotted_date, run.as_of) AS allotted_days,
    coalesce(paid.paid_yuan, 0) <= 0 AND coalesce(indicator.reported_spent_yuan, 0) <= 0
    AND date_diff('day', indicator.allotted_date, run.as_of) > parameter.idle_days AS is_idle,
    (
      indicator.budget_year < extract(YEAR FROM run.as_of)
      OR indicator.budget_year = extract(YEAR FROM run.as_of) AND extract(MONTH FROM run.as_of) = 12 AND extract(DAY FROM run.as_of) = 31
    ) AND indicator.allotted_yuan - coalesce(paid.paid_yuan, 0) > indicator.allotted_yuan * parameter.carry_ratio AS is_left_over
  FROM core.fund_indicator AS indicator
  CROSS JOIN ref.run AS run
  CROSS JOIN parameter
  LEFT JOIN paid ON paid.allotment_no = indicator.allotment_no
  WHERE indicator.allotted_yuan > 0
)
SELECT
  allotment_no AS subject,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS household_id,
  CAST(NULL AS VARCHAR) AS village_code,
  CASE WHEN is_idle OR is_left_over THEN '命中' ELSE '未命中' END AS verdict,
  concat_ws('、', CASE WHEN is_idle THEN '下达后没有支付' END, CASE WHEN is_left_over THEN '年末结余过大' END) AS clue_basis,
  allotted_yuan,
  CAST(paid_yuan AS DECIMAL(18, 2)) AS fund_paid_yuan,
  CAST(allotted_yuan - paid_yuan AS DECIMAL(18, 2)) AS fund_balance_yuan,
  allotted_days
FROM judged
