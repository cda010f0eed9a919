-- mart.omission_clue
-- 应纳未纳线索：N 类规则的每一条线索，理由、同户线索数、已经多少天、是否逾期。
-- Grain: one row per clue of a rule N01 … N09, open or cleared.
-- 政策依据: 北委发〔2019〕5号 三(一)1 “及时纳入符合条件但遗漏在外的贫困人口”。
-- Inputs: ops.clue, ops.rule_run, core.clue_state, core.member, ref.run.
-- Limits: 线索是疑点，不是结论。clue_reason 是最近一次命中时的理由。days_open 从（最近一次）发现到消除，未消除的到运行日。open_clue_count 是同一户
--   （建档户或户口簿户）现有的 N 类线索数，供排先后，不是评分。低保户线索以户主归户。没有成员可归的户 open_clue_count 只数这一条。
--   核查状态、结论取自 core.clue_state（属实、不属实即纳入、不纳入的依据）。
-- Tie-breaks: none; ops.clue has one row per clue.
WITH clue AS (
  SELECT
    clue.*,
    coalesce(member.family_key, 'R' || clue.household_id, clue.clue_id) AS family_key
  FROM ops.clue AS clue
  LEFT JOIN core.member AS member ON member.person_key = clue.person_key
  WHERE substr(clue.rule_id, 1, 1) = 'N'
),
together AS (
  SELECT family_key, count(*) AS open_clue_count
  FROM clue
  WHERE cleared_on IS NULL
  GROUP BY family_key
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
  clue.household_id,
  clue.village_code,
  substr(clue.village_code, 1, 9) AS town_code,
  json_extract_string(clue.evidence, '$.clue_reason') AS clue_reason,
  coalesce(together.open_clue_count, 0) AS open_clue_count,
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
LEFT JOIN together ON together.family_key = clue.family_key
LEFT JOIN answered AS state ON state.clue_id = clue.clue_id
