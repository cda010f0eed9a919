-- F01 无绩效目标入库
-- 项目库里的项目没有绩效目标，或者绩效目标没有量化的。
-- 政策依据: 北委发〔2019〕5号 三(二)1“明确绩效目标”；国开办发〔2018〕11号 县级脱贫攻坚项目库：没有绩效目标的不得入库。
-- Severity: 红
-- Owner: fupinban
-- Version: 1，2018-01-01 至 9999-12-31
-- Subject: project（不按户）
-- Parameters: none
-- Feeds: project
-- Inputs: core.project_now.
-- Limits: 终止的项目不判。量化指有数字、百分之几或“三十户”一类带单位的数；只写年份（2019年完成）不算量化。
-- Tie-breaks: none; the key is the project's number.
WITH judged AS (
  SELECT
    project_no, village_code, project_class_code, project_status_code, performance_target,
    regexp_matches(
      regexp_replace(performance_target, '(19|20)[0-9]{2} ?(年|-)', '', 'g'),
      '[0-9０-９]|百分之|[一二两三四五六七八九十百千万](余)?(户|人|亩|座|个|处|眼|条|栋|头|只|台|套|次|公里|平方米|元|吨|米|成)'
    ) AS has_number
  FROM core.project_now
  WHERE project_status_code <> '9'
)
SELECT
  project_no AS subject,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS household_id,
  village_code,
  CASE WHEN has_number THEN '未命中' ELSE '命中' END AS verdict,
  CASE WHEN performance_target IS NULL THEN '没有绩效目标' WHEN NOT has_number THEN '绩效目标没有量化' END AS clue_basis,
  project_class_code,
  project_status_code
FROM judged
