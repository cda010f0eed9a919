-- core.clue_step
-- 线索的状态变化：每一轮从待核查开始，每采用一份答复前进一步，这一步之后结论、整改、复核、申诉各是什么。
-- Grain: one row per clue_id, round and step; step 0 is the clue as it was issued.
-- 政策依据: 北委发〔2019〕5号 三(一)2 “规范信息采集、整理、反馈和发布工作”；规则命中只是疑点，核查、整改、复核都由署名的人作出。
-- Inputs: core.clue_verification_now, ops.clue_round, ops.batch.
-- Limits: 答复所依据的状态令牌必须是这一轮当时的最新令牌，否则不采用（见 core.clue_answer），因此两个人同时答复时不会互相覆盖。令牌由所依据的
--   令牌和答复的内容（备注除外）得出：改正自己的答复之后，依据原答复作出的答复不再采用。哪份采用只取决于收到的全部答复，与入库先后无关。
--   空着的项沿用上一步；改变结论则整改、复核作废。复核只对“已整改”“不属实”有效，复核人不能是作结论或整改的人；复核不通过退回“整改中”或待核查。
-- Tie-breaks: 依据同一令牌的几份答复，先收到的为准；同时收到的按批次号、行号。
WITH RECURSIVE delivered AS (
  SELECT
    verification.*,
    batch.department,
    row_number() OVER (
      PARTITION BY verification.clue_id, verification.based_on
      ORDER BY batch.received_at, verification.batch_id, verification.source_row
    ) AS place
  FROM core.clue_verification_now AS verification
  LEFT JOIN ops.batch AS batch ON batch.batch_id = verification.batch_id AND batch.feed = 'clue_verification'
),
answer AS (
  SELECT
    clue_id,
    based_on,
    conclusion_code AS said_conclusion,
    handling_code AS said_handling,
    review_code AS said_review,
    appeal_code AS said_appeal,
    verifier_name,
    verified_date,
    reviewer_name,
    reviewed_date,
    department,
    split_part(based_on, '-', 1) || '-' || left(md5(concat_ws(
      '|', clue_id, based_on, verifier_name, CAST(verified_date AS VARCHAR), coalesce(conclusion_code, '-'), coalesce(handling_code, '-'),
      coalesce(review_code, '-'), coalesce(appeal_code, '-'), coalesce(reviewer_name, '-'), coalesce(CAST(reviewed_date AS VARCHAR), '-')
    )), 12) AS token
  FROM delivered
  WHERE place = 1
),
step AS (
  SELECT
    clue_id,
    round,
    CAST(0 AS BIGINT) AS step,
    'k' || CAST(round AS VARCHAR) || '-' || left(md5(clue_id || ':' || CAST(round AS VARCHAR)), 12) AS token,
    CAST(NULL AS VARCHAR) AS based_on,
    CAST(NULL AS VARCHAR) AS verifier_name,
    CAST(NULL AS DATE) AS verified_date,
    CAST(NULL AS VARCHAR) AS department,
    CAST(NULL AS VARCHAR) AS conclusion_code,
    CAST(NULL AS VARCHAR) AS handling_code,
    CAST(NULL AS VARCHAR) AS review_code,
    CAST(NULL AS VARCHAR) AS appeal_code,
    CAST(NULL AS DATE) AS concluded_on,
    CAST(NULL AS VARCHAR) AS concluded_by,
    CAST(NULL AS DATE) AS rectified_on,
    CAST(NULL AS VARCHAR) AS handled_by,
    CAST(NULL AS DATE) AS reviewed_on,
    CAST(NULL AS VARCHAR) AS reviewed_by,
    CAST(NULL AS VARCHAR) AS ignored_reason
  FROM ops.clue_round
  UNION ALL
  SELECT
    judged.clue_id,
    judged.round,
    judged.step,
    judged.token,
    judged.based_on,
    judged.verifier_name,
    judged.verified_date,
    judged.department,
    CASE WHEN judged.is_reviewed AND judged.said_review = '0' AND judged.conclusion = '0' THEN NULL ELSE judged.conclusion END AS conclusion_code,
    CASE WHEN judged.is_reviewed AND judged.said_review = '0' AND judged.conclusion = '1' THEN '1' ELSE judged.handling END AS handling_code,
    CASE
      WHEN judged.is_reviewed THEN judged.said_review
      WHEN NOT judged.is_concluded_anew AND NOT judged.is_handled_anew THEN judged.last_review
    END AS review_code,
    coalesce(judged.said_appeal, judged.last_appeal) AS appeal_code,
    CASE WHEN NOT (judged.is_reviewed AND judged.said_review = '0' AND judged.conclusion = '0') THEN judged.concluded_on END AS concluded_on,
    judged.concluded_by,
    CASE WHEN NOT (judged.is_reviewed AND judged.said_review = '0') THEN judged.rectified_on END AS rectified_on,
    judged.handled_by,
    CASE
      WHEN judged.is_reviewed THEN judged.reviewed_date
      WHEN NOT judged.is_concluded_anew AND NOT judged.is_handled_anew THEN judged.last_reviewed_on
    END AS reviewed_on,
    CASE
      WHEN judged.is_reviewed THEN judged.reviewer_name
      WHEN NOT judged.is_concluded_anew AND NOT judged.is_handled_anew THEN judged.last_reviewed_by
    END AS reviewed_by,
    CASE
      WHEN judged.said_review IS NOT NULL AND NOT judged.is_reviewable THEN '还没有“已整改”或“不属实”，复核不计'
      WHEN judged.said_review IS NOT NULL AND NOT judged.is_reviewed THEN '复核人与核查人是同一人，复核不计'
      WHEN judged.said_handling IS NOT NULL AND judged.handling IS NULL THEN '还没有“属实”的结论，整改不计'
    END AS ignored_reason
  FROM (
    SELECT
      done.*,
      done.said_review IS NOT NULL AND done.is_reviewable
      AND coalesce(done.reviewer_name <> done.concluded_by, TRUE) AND coalesce(done.reviewer_name <> done.handled_by, TRUE) AS is_reviewed
    FROM (
      SELECT
        said.*,
        coalesce(said.conclusion = '0' OR (said.conclusion = '1' AND said.handling = '2'), FALSE) AS is_reviewable,
        coalesce(said.handling, '-') <> coalesce(said.last_handling, '-') AS is_handled_anew,
        CASE
          WHEN said.conclusion NOT IN ('0', '1') THEN NULL
          WHEN said.is_concluded_anew THEN said.verified_date
          ELSE said.last_concluded_on
        END AS concluded_on,
        CASE WHEN said.is_concluded_anew THEN said.verifier_name ELSE said.last_concluded_by END AS concluded_by,
        CASE
          WHEN said.handling = '2' AND (said.is_concluded_anew OR coalesce(said.last_handling, '-') <> '2') THEN said.verified_date
          WHEN said.handling = '2' THEN said.last_rectified_on
        END AS rectified_on,
        CASE
          WHEN said.handling IS NULL THEN NULL
          WHEN said.is_concluded_anew OR coalesce(said.last_handling, '-') <> said.handling THEN said.verifier_name
          ELSE said.last_handled_by
        END AS handled_by
      FROM (
        SELECT
          answer.*,
          step.round,
          step.step + 1 AS step,
          step.handling_code AS last_handling,
          step.review_code AS last_review,
          step.appeal_code AS last_appeal,
          step.concluded_on AS last_concluded_on,
          step.concluded_by AS last_concluded_by,
          step.rectified_on AS last_rectified_on,
          step.handled_by AS last_handled_by,
          step.reviewed_on AS last_reviewed_on,
          step.reviewed_by AS last_reviewed_by,
          coalesce(answer.said_conclusion, step.conclusion_code) AS conclusion,
          coalesce(answer.said_conclusion <> coalesce(step.conclusion_code, '-'), FALSE) AS is_concluded_anew,
          CASE
            WHEN coalesce(answer.said_conclusion, step.conclusion_code) = '1' THEN coalesce(
              answer.said_handling,
              CASE WHEN coalesce(answer.said_conclusion = step.conclusion_code, TRUE) THEN step.handling_code END
            )
          END AS handling
        FROM step
        INNER JOIN answer ON answer.clue_id = step.clue_id AND answer.based_on = step.token
      ) AS said
    ) AS done
  ) AS judged
)
SELECT *
FROM step
