-- mart.wrong_inclusion_clue
-- 错评、应退未退线索：X 类规则的每一条线索，理由、同户线索数和分值、已经多少天、是否逾期。
-- Grain: one row per clue of a rule X01 … X09, open or cleared.
-- 政策依据: 北委发〔2019〕5号 三(一)1 精准识别、动态管理；建档立卡错评剔除“十原则”。
-- Inputs: ops.clue, ops.rule_run, core.clue_state, core.member, ref.run.
-- Limits: 线索是核查的理由，不是结论：公布过的一例中七成经核实予以保留。clue_reason 是最近一次命中时的理由。days_open 从（最近一次）发现到消除，
--   未消除的到运行日。household_score 为同一建档户现有 X 类线索按等级计分之和（红 3、橙 2、黄 1、蓝 0），只供排核查先后。
--   没有户编号的线索只数这一条。核查状态、结论取自 core.clue_state（属实、不属实即剔除、保留的依据）；准确率见线索处置表。
-- Tie-breaks: none; ops.clue has one row per clue.
WITH clue AS (
  SELECT
    clue.*,
    coalesce(clue.household_id, member.household_id) AS home_id,
    CASE clue.severity WHEN '红' THEN 3 WHEN '橙' THEN 2 WHEN '黄' THEN 1 ELSE 0 END AS weight
  FROM ops.clue AS clue
  LEFT JOIN core.member AS member ON member.person_key = clue.person_key
  WHERE substr(clue.rule_id, 1, 1) = 'X'
),
together AS (
  SELECT coalesce(home_id, clue_id) AS home_key, count(*) AS open_clue_count, sum(weight) AS household_score
  FROM clue
  WHERE cleared_on IS NULL
  GROUP BY coalesce(home_id, clue_id)
),
answered AS (
  SELECT clue_id, clue_state, conclusion_code, handling_code, concluded_on, days_to_conclusion
  FROM core.clue_state
  WHERE is_current
)
SELECT
  clue.clue_id,
  clue.rule_id,
  run_of.rule_title,
  clue.severity,
  clue.owner,
  clue.subject_kind,
  clue.person_key,
  clue.home_id AS household_id,
  clue.village_code,
  substr(clue.village_code, 1, 9) AS town_code,
  json_extract_string(clue.evidence, '$.clue_reason') AS clue_reason,
  coalesce(together.open_clue_count, 0) AS open_clue_count,
  CAST(coalesce(together.household_score, 0) AS BIGINT) AS household_score,
  clue.first_seen,
  clue.opened_on,
  clue.last_seen,
  clue.cleared_on,
  clue.times_opened,
  clue.due_date,
  date_diff('day', clue.opened_on, coalesce(clue.cleared_on, run.as_of)) AS days_open,
  clue.cleared_on IS NULL AND coalesce(clue.due_date < run.as_of, FALSE) AS is_past_due,
  state.clue_state,
  state.conclusion_code,
  state.handling_code,
  state.concluded_on,
  state.days_to_conclusion
FROM clue
CROSS JOIN ref.run
LEFT JOIN ops.rule_run AS run_of ON run_of.rule_id = clue.rule_id
LEFT JOIN together ON together.home_key = coalesce(clue.home_id, clue.clue_id)
LEFT JOIN answered AS state ON state.clue_id = clue.clue_id
