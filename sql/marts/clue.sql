-- mart.clue
-- 线索：每一条疑点现在的状态，核查结论、整改、复核、申诉，是否逾期，用了多少天。
-- Grain: one row per clue; a clue that was cleared and came back shows its present round.
-- 政策依据: 北委发〔2019〕5号 三(一)2、四(二)；规则命中只是疑点，不经署名的人核查不改变任何人的身份和待遇，申诉期间冻结后果。
-- Inputs: core.clue_state, ops.clue, ref.rule, ref.department, ref.division.
-- Limits: 状态的含义见 core.clue_state。对象的编号、姓名、证据不在表内。town_code 为空的是没有村代码的对象。owner 为“乡镇”的由对象所在乡镇核查。
-- Tie-breaks: none; one current round per clue.
WITH town AS (
  SELECT town_code, max(town_name) AS town
  FROM ref.division
  GROUP BY town_code
)
SELECT
  state.clue_id,
  state.rule_id,
  state.rule_version,
  rule.rule_title,
  state.severity,
  state.owner,
  coalesce(department.department_title, state.owner) AS owner_title,
  state.subject_kind,
  state.person_key,
  state.household_id,
  state.village_code,
  state.town_code,
  town.town,
  clue.first_seen,
  state.opened_on,
  state.last_seen,
  state.cleared_on,
  clue.times_opened,
  state.due_date,
  state.clue_state,
  state.is_open,
  state.is_frozen,
  state.is_overdue,
  state.is_found_again,
  state.conclusion_code,
  state.handling_code,
  state.review_code,
  state.concluded_on,
  state.rectified_on,
  state.reviewed_on,
  state.days_to_conclusion,
  state.days_open,
  state.answer_count,
  state.unadopted_count
FROM core.clue_state AS state
INNER JOIN ops.clue AS clue ON clue.clue_id = state.clue_id
LEFT JOIN ref.rule AS rule ON rule.rule_id = state.rule_id AND rule.rule_version = state.rule_version
LEFT JOIN ref.department AS department ON department.department = state.owner
LEFT JOIN town ON town.town_code = state.town_code
WHERE state.is_current
