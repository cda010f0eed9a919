-- core.clue_state
-- 线索每一轮到现在的状态：一轮从发现到消除，消除后再发现是新的一轮，要重新核查。
-- Grain: one row per clue_id and round.
-- 政策依据: 北委发〔2019〕5号 三(一)2 “规范信息采集、整理、反馈和发布工作”，四(二) “随时发现问题随时约谈”。
-- Inputs: ops.clue_round, ops.clue, core.clue_step, core.clue_answer, ref.run.
-- Limits: clue_state: 待核查、待查、属实、整改中、已整改、提示（蓝色，不要求答复）为未办结；不属实、已复核、已办结（已整改且规则不再命中）、已消除（没有
--   办完而规则不再命中）为办结。申诉期间 is_frozen，不算逾期、不督办。is_overdue 指到应办日期没有属实或不属实的结论。days_to_conclusion 早于发现
--   日期的（日期填错）为空。is_found_again 指复核通过以后的数据里规则仍然命中。
-- Tie-breaks: none; the last step is the one with the greatest number.
WITH last AS (
  SELECT clue_id, round, max(step) AS step
  FROM core.clue_step
  GROUP BY clue_id, round
),
unadopted AS (
  SELECT
    clue_id,
    CAST(regexp_extract(based_on, '^k([0-9]+)-', 1) AS BIGINT) AS round,
    count(*) AS unadopted_count
  FROM core.clue_answer
  WHERE unadopted_reason IS NOT NULL
  GROUP BY clue_id, CAST(regexp_extract(based_on, '^k([0-9]+)-', 1) AS BIGINT)
),
stated AS (
  SELECT
    clue_round.clue_id,
    clue_round.round,
    clue_round.round = clue.times_opened AS is_current,
    clue.rule_id,
    clue.rule_version,
    clue.severity,
    clue.owner,
    clue.subject_kind,
    clue.subject,
    clue.person_key,
    clue.household_id,
    clue.village_code,
    substr(clue.village_code, 1, 9) AS town_code,
    clue_round.opened_on,
    clue_round.due_date,
    clue_round.cleared_on,
    clue.last_seen,
    step.token,
    step.step AS answer_count,
    step.conclusion_code,
    step.handling_code,
    step.review_code,
    step.appeal_code,
    step.concluded_on,
    step.concluded_by,
    step.rectified_on,
    step.handled_by,
    step.reviewed_on,
    step.reviewed_by,
    CASE
      WHEN step.conclusion_code = '0' THEN '不属实'
      WHEN step.handling_code = '2' AND step.review_code = '1' THEN '已复核'
      WHEN clue_round.cleared_on IS NOT NULL AND step.handling_code = '2' THEN '已办结'
      WHEN clue_round.cleared_on IS NOT NULL THEN '已消除'
      WHEN step.handling_code = '2' THEN '已整改'
      WHEN step.handling_code = '1' THEN '整改中'
      WHEN step.conclusion_code = '1' THEN '属实'
      WHEN step.conclusion_code = '9' THEN '待查'
      WHEN clue.severity = '蓝' THEN '提示'
      ELSE '待核查'
    END AS clue_state
  FROM ops.clue_round AS clue_round
  INNER JOIN ops.clue AS clue ON clue.clue_id = clue_round.clue_id
  INNER JOIN last ON last.clue_id = clue_round.clue_id AND last.round = clue_round.round
  INNER JOIN core.clue_step AS step ON step.clue_id = last.clue_id AND step.round = last.round AND step.step = last.step
),
opened AS (
  SELECT
    stated.*,
    stated.clue_state IN ('待核查', '待查', '属实', '整改中', '已整改', '提示') AS is_open,
    coalesce(stated.appeal_code = '1', FALSE) AND stated.cleared_on IS NULL AS is_frozen
  FROM stated
)
SELECT
  opened.*,
  opened.is_open AND NOT opened.is_frozen AND opened.concluded_on IS NULL AND coalesce(opened.due_date < run.as_of, FALSE) AS is_overdue,
  CASE
    WHEN opened.concluded_on >= opened.opened_on THEN CAST(date_diff('day', opened.opened_on, opened.concluded_on) AS BIGINT)
  END AS days_to_conclusion,
  CAST(date_diff('day', opened.opened_on, coalesce(opened.cleared_on, run.as_of)) AS BIGINT) AS days_open,
  opened.is_current AND opened.clue_state = '已复核' AND opened.cleared_on IS NULL
  AND coalesce(opened.last_seen > coalesce(opened.reviewed_on, opened.rectified_on), FALSE) AS is_found_again,
  coalesce(unadopted.unadopted_count, 0) AS unadopted_count
FROM opened
CROSS JOIN ref.run AS run
LEFT JOIN unadopted ON unadopted.clue_id = opened.clue_id AND unadopted.round = opened.round
