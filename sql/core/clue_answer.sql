-- core.clue_answer
-- 收到的每一份答复：采用与否，没有采用（或有一部分不计）的原因。
-- Grain: one row per clue_id, based_on and verifier_name.
-- 政策依据: 北委发〔2019〕5号 三(一)2 “规范信息采集、整理、反馈和发布工作”：不采用的答复必须让报送人知道。
-- Inputs: core.clue_verification_now, core.clue_step, ops.clue, ops.batch.
-- Limits: unadopted_reason 为空的完全采用；is_adopted 而有原因的，只有复核或整改部分不计。department 是送来这份答复的部门。
-- Tie-breaks: none; a step names the one answer that it follows from.
SELECT
  verification.clue_id,
  verification.based_on,
  verification.verifier_name,
  verification.verified_date,
  verification.conclusion_code,
  verification.handling_code,
  verification.review_code,
  verification.appeal_code,
  verification.reviewer_name,
  verification.reviewed_date,
  verification.note,
  verification.valid_from AS answered_on,
  batch.department,
  step.round,
  step.step,
  step.step IS NOT NULL AS is_adopted,
  CASE
    WHEN clue.clue_id IS NULL THEN '没有这个编号的线索'
    WHEN step.step IS NOT NULL THEN step.ignored_reason
    WHEN taken.based_on IS NOT NULL THEN '另一份答复先到'
    ELSE '依据的不是最新状态'
  END AS unadopted_reason
FROM core.clue_verification_now AS verification
LEFT JOIN ops.batch AS batch ON batch.batch_id = verification.batch_id AND batch.feed = 'clue_verification'
LEFT JOIN ops.clue AS clue ON clue.clue_id = verification.clue_id
LEFT JOIN core.clue_step AS step
  ON step.clue_id = verification.clue_id AND step.based_on = verification.based_on AND step.verifier_name = verification.verifier_name
LEFT JOIN core.clue_step AS taken ON taken.clue_id = verification.clue_id AND taken.based_on = verification.based_on
