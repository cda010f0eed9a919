-- core.school_case
-- 控辍保学台账归到人：每个孩子有没有有效的省外就读、送教上门、不具备学习条件、延缓入学依据，有没有一人一案，何时起未到校。
-- Grain: one row per person_key with a case in the education bureau's list.
-- 政策依据: 《义务教育法》第十一条（延缓入学须批准）；国办发〔2017〕72号；北委发〔2019〕5号 二(三)4 “一人一案”。
-- Inputs: core.education_case_now, ref.parameter, ref.run.
-- Limits: 口头说明不算依据，须有证明日期且不晚于运行日。证明写明有效期的以有效期为准（到期当日仍有效）；没有写明的，省外就读、延缓入学自证明之日起
--   SCHOOL_PROOF_DAYS 天内有效，不具备学习条件长期有效。送教上门以台账为准。参数未录入而要用它时 is_proof_undecided 为真。
-- Tie-breaks: none (any case of a child counts); 未到校日期取最近一条。
WITH parameter AS (
  SELECT max(CASE WHEN parameter.code = 'SCHOOL_PROOF_DAYS' THEN parameter.value END) AS proof_days
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
noted AS (
  SELECT
    note.person_key, note.case_kind_code, note.absent_from_date, note.plan_date, note.proof_date,
    coalesce(note.has_plan, note.plan_date IS NOT NULL) AS has_plan,
    note.has_plan IS NULL AND note.plan_date IS NULL AS is_plan_unknown,
    coalesce(note.proof_date <= run.as_of AND coalesce(note.proof_expiry_date >= run.as_of, TRUE), FALSE) AS is_proved,
    coalesce(
      note.proof_date <= run.as_of AND CASE
        WHEN note.proof_expiry_date IS NOT NULL THEN note.proof_expiry_date >= run.as_of
        ELSE date_diff('day', note.proof_date, run.as_of) <= parameter.proof_days
      END,
      FALSE
    ) AS is_proved_lately,
    coalesce(note.proof_date <= run.as_of, FALSE) AND note.proof_expiry_date IS NULL AND parameter.proof_days IS NULL AS is_undecided
  FROM core.education_case_now AS note
  CROSS JOIN ref.run AS run
  CROSS JOIN parameter
  WHERE note.person_key IS NOT NULL
)
SELECT
  person_key,
  max(CASE WHEN case_kind_code = '1' AND is_proved_lately THEN 1 ELSE 0 END) = 1 AS is_elsewhere,
  max(CASE WHEN case_kind_code = '2' THEN 1 ELSE 0 END) = 1 AS is_taught_at_home,
  max(CASE WHEN case_kind_code = '3' AND is_proved THEN 1 ELSE 0 END) = 1 AS is_unfit,
  max(CASE WHEN case_kind_code = '4' AND is_proved_lately THEN 1 ELSE 0 END) = 1 AS is_deferred,
  max(CASE WHEN case_kind_code IN ('5', '7') THEN 1 ELSE 0 END) = 1 AS is_lost,
  max(CASE WHEN case_kind_code IN ('1', '3', '4') THEN 1 ELSE 0 END) = 1 AS has_claim,
  max(CASE WHEN case_kind_code IN ('1', '4') AND is_undecided THEN 1 ELSE 0 END) = 1 AS is_proof_undecided,
  max(CASE WHEN has_plan THEN 1 ELSE 0 END) = 1 AS has_plan,
  max(CASE WHEN is_plan_unknown THEN 1 ELSE 0 END) = 1 AS is_plan_unknown,
  max(absent_from_date) AS absent_from_date,
  max(proof_date) AS proof_date,
  count(*) AS case_count
FROM noted
GROUP BY person_key
