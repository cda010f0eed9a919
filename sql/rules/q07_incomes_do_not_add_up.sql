-- Q07 收入勾稽不平
-- 年收入与四项收入之和、纯收入与年收入减经营支出、人均纯收入与纯收入除以人口，对不上的。
-- 政策依据: 《扶贫开发建档立卡指标》：年收入 = 工资性 + 生产经营性 + 财产性 + 转移性；纯收入 = 年收入 − 生产经营性支出；人均纯收入 = 纯收入 ÷ 家庭人口。
-- Severity: 橙
-- Owner: 乡镇
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: household（建档立卡共同生活户）
-- Scope: household_id = subject
-- Parameters: INCOME_GAP, INCOME_HEAD_GAP
-- Feeds: registry_household
-- Inputs: core.registry_household_now, ref.parameter, ref.run.
-- Limits: 三个等式不平的行在接收时退回（RH01—RH03），这里找的是有空项而绕过了这三条的：缺的项由其余各项推出，每推一步多容许一份差额。推出来也平的，
--   因为有空项，无法判定。差额正好等于容许的不算。
-- Tie-breaks: none (differences only).
WITH parameter AS (
  SELECT
    max(CASE WHEN parameter.code = 'INCOME_GAP' THEN parameter.value END) AS income_gap,
    max(CASE WHEN parameter.code = 'INCOME_HEAD_GAP' THEN parameter.value END) AS head_gap
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
-- What is left out is worked out of the rest, one step further from the figure that was meant.
total AS (
  SELECT
    *,
    wage_income_yuan + business_income_yuan + property_income_yuan + transfer_income_yuan AS parts_yuan,
    coalesce(total_income_yuan, wage_income_yuan + business_income_yuan + property_income_yuan + transfer_income_yuan) AS reached_total_yuan,
    CASE WHEN total_income_yuan IS NULL THEN 1 ELSE 0 END AS total_steps
  FROM core.registry_household_now
),
net AS (
  SELECT
    *,
    coalesce(net_income_yuan, reached_total_yuan - business_cost_yuan) AS reached_net_yuan,
    CASE WHEN net_income_yuan IS NULL THEN 1 + total_steps ELSE 0 END AS net_steps
  FROM total
),
compared AS (
  SELECT
    net.*,
    abs(net.total_income_yuan - net.parts_yuan) AS total_gap_yuan,
    abs(net.net_income_yuan - (net.reached_total_yuan - net.business_cost_yuan)) AS net_gap_yuan,
    CASE WHEN net.member_count > 0 THEN abs(net.net_income_per_head_yuan * net.member_count - net.reached_net_yuan) END AS head_gap_yuan,
    (1 + net.total_steps) * parameter.income_gap AS net_limit,
    net.member_count * parameter.head_gap + net.net_steps * parameter.income_gap AS head_limit,
    parameter.income_gap
  FROM net
  CROSS JOIN parameter
),
looked_at AS (
  SELECT
    *,
    coalesce(total_gap_yuan > income_gap, FALSE) AS is_total_wrong,
    coalesce(net_gap_yuan > net_limit, FALSE) AS is_net_wrong,
    coalesce(head_gap_yuan > head_limit, FALSE) AS is_head_wrong
  FROM compared
)
SELECT
  household_id AS subject,
  person_key,
  household_id,
  village_code,
  CASE
    WHEN is_total_wrong OR is_net_wrong OR is_head_wrong THEN '命中'
    WHEN total_gap_yuan IS NULL OR net_gap_yuan IS NULL OR head_gap_yuan IS NULL OR net_steps > 0 THEN '无法判定'
    ELSE '未命中'
  END AS verdict,
  concat_ws(
    '、',
    CASE WHEN is_total_wrong THEN '年收入不等于四项之和' END,
    CASE WHEN is_net_wrong THEN '纯收入不等于年收入减支出' END,
    CASE WHEN is_head_wrong THEN '人均不等于纯收入除以人口' END
  ) AS clue_reason,
  CAST(total_gap_yuan AS DECIMAL(18, 2)) AS total_gap_yuan,
  CAST(net_gap_yuan AS DECIMAL(18, 2)) AS net_gap_yuan,
  CAST(head_gap_yuan / member_count AS DECIMAL(18, 2)) AS head_gap_yuan
FROM looked_at
