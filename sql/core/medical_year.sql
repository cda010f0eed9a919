-- core.medical_year
-- 近十二个月医疗支出：有结算记录的每个人，住院和门诊个人负担多少。
-- Grain: one row per person_key with a settlement in the twelve months up to the run date.
-- Scope: person_key
-- 政策依据: 北委发〔2019〕5号 二(一)3 多重保障；防止因病致贫返贫。
-- Inputs: core.health_settlement_now, ref.run.
-- Limits: 个人负担 = 合规内个人自付 + 目录外自费。红冲为负数，照加。外地未联网结算的看不到。
-- Tie-breaks: none (sums only).
SELECT
  settlement.person_key,
  CAST(sum(coalesce(settlement.self_paid_yuan, 0) + coalesce(settlement.own_expense_yuan, 0)) AS DECIMAL(18, 2)) AS medical_paid_yuan,
  CAST(
    sum(
      CASE WHEN settlement.visit_code = '1' THEN coalesce(settlement.self_paid_yuan, 0) + coalesce(settlement.own_expense_yuan, 0) ELSE 0 END
    ) AS DECIMAL(18, 2)
  ) AS inpatient_paid_yuan,
  CAST(sum(coalesce(settlement.self_paid_yuan, 0)) AS DECIMAL(18, 2)) AS eligible_self_paid_yuan,
  CAST(sum(settlement.total_yuan) AS DECIMAL(18, 2)) AS medical_total_yuan,
  count(*) FILTER (WHERE settlement.visit_code = '1') AS inpatient_count
FROM core.health_settlement_now AS settlement
CROSS JOIN ref.run AS run
WHERE settlement.settled_date > run.as_of - INTERVAL 1 YEAR AND settlement.settled_date <= run.as_of AND settlement.person_key IS NOT NULL
GROUP BY settlement.person_key
