-- N06 因学支出过重
-- 非义务教育阶段学生一学年的就学支出，扣除资助后超过标准的。
-- 政策依据: 北委发〔2019〕5号 二(一)2 “应扶尽扶、应补则补”；防止因学致贫返贫预警标准。
-- Severity: 橙
-- Owner: jiaoyu
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: person（学生本人；建档人口带建档立卡户）
-- Scope: person_key
-- Parameters: EDU_SELF
-- Feeds: education_expense, education_aid, household_registration, registry_person
-- Undone by: education_aid, registry_person
-- Inputs: core.study_cost, core.member, ref.parameter, ref.run.
-- Limits: 学年为运行日所在的九月至次年八月；学前、高中、中职、高校为非义务教育。恰好等于标准不命中（“超过”）。助学贷款不算资助。
-- Tie-breaks: none (sums only).
WITH parameter AS (
  SELECT max(CASE WHEN parameter.code = 'EDU_SELF' THEN parameter.value END) AS study_limit_yuan
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
)
SELECT
  CAST(study.person_key AS VARCHAR) AS subject,
  study.person_key,
  member.household_id,
  member.village_code,
  CASE WHEN study.study_paid_yuan > parameter.study_limit_yuan THEN '命中' ELSE '未命中' END AS verdict,
  '就学自付支出过重' AS clue_reason,
  study.study_expense_yuan,
  study.study_aid_yuan,
  study.study_paid_yuan,
  parameter.study_limit_yuan
FROM core.study_cost AS study
INNER JOIN core.member AS member ON member.person_key = study.person_key
CROSS JOIN parameter
WHERE study.stage_code IN ('1', '4', '5', '8') AND (member.is_rural OR member.is_registered) AND NOT member.is_deceased
