-- core.deprivation_score
-- 每个建档立卡户的加权剥夺数：被剥夺的权重之和、缺失的权重之和、全部权重之和，都是整数。
-- Grain: one row per registered household (household_id).
-- Scope: household_id
-- 政策依据: Alkire–Foster 计数法；北委发〔2019〕5号 三(一)3 “两不愁、三保障”。
-- Inputs: core.deprivation.
-- Limits: score ÷ weight_total 为加权剥夺份额 c；缺失不算剥夺。与临界值比较时用整数相乘，不用小数。
-- Tie-breaks: none (sums only).
SELECT
  coalesce(village_code, '不详') AS village_code,
  household_id,
  max(person_count) AS person_count,
  CAST(sum(mpi_weight) AS BIGINT) AS weight_total,
  CAST(sum(CASE WHEN is_deprived THEN mpi_weight ELSE 0 END) AS BIGINT) AS score,
  CAST(sum(CASE WHEN is_deprived IS NULL THEN mpi_weight ELSE 0 END) AS BIGINT) AS missing_weight
FROM core.deprivation
GROUP BY coalesce(village_code, '不详'), household_id
