-- F01 无绩效目标入库
-- 项目库里的项目没有绩效目标，或者绩效目标没有量化的。
-- 政策依据: 北委发〔2019〕5号 三(二)1“明确绩效目标”；国开办发〔2018〕11号 县级脱贫攻坚项目库：没有绩效目标的不得入库。
-- Severity: 红
-- Owner: fupinban
-- Version: 1，2018-01-01 至 9999-12-31
-- Subject: project（不按户）
-- Parameters: none
-- Feeds: project
-- Inputs: core.project_check.
-- Limits: 终止的项目不判。怎样算量化见 core.project_check。
-- Tie-breaks: none; the key is the project's number.
SELECT
  project_no AS subject,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS household_id,
  village_code,
  CASE WHEN is_target_measured THEN '未命中' ELSE '命中' END AS verdict,
  CASE WHEN NOT has_target THEN '没有绩效目标' WHEN NOT is_target_measured THEN '绩效目标没有量化' END AS clue_basis,
  project_class_code,
  project_status_code
FROM core.project_check
WHERE project_status_code <> '9'
