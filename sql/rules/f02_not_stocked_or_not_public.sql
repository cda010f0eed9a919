-- F02 未入库先实施、未公示
-- 已经实施的项目没有入库、开工早于入库，或者应当公示的环节没有公示、公示期不足的。
-- 政策依据: 北委发〔2019〕5号 三(二)1“建立县乡级脱贫攻坚项目库，健全公告公示制度”；国开办发〔2018〕11号。
-- Severity: 橙
-- Owner: fupinban
-- Version: 1，2018-01-01 至 9999-12-31
-- Subject: project（不按户）
-- Parameters: PUBLIC_DAYS_PROJECT
-- Feeds: project, project_disclosure
-- Undone by: project_disclosure
-- Inputs: core.project_check.
-- Limits: 只判实施、完工、验收、移交的项目。入库、开工都只精确到月，同一个月的不算早。哪个环节要公示、公示期怎样算见 core.project_check；没有结束日期的无法判定。
-- Tie-breaks: none; one row per project.
WITH judged AS (
  SELECT
    project_no, village_code, project_class_code, project_status_code, stocked_date, actual_start_date, stocked_notice, planned_notice, completed_notice,
    stocked_date IS NULL AS is_not_stocked,
    coalesce(date_trunc('month', actual_start_date) < date_trunc('month', stocked_date), FALSE) AS is_early
  FROM core.project_check
  WHERE project_status_code IN ('3', '4', '5', '6')
)
SELECT
  project_no AS subject,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS household_id,
  village_code,
  CASE
    WHEN is_not_stocked OR is_early THEN '命中'
    WHEN stocked_notice IN ('没有', '不足') OR planned_notice IN ('没有', '不足') OR completed_notice IN ('没有', '不足') THEN '命中'
    WHEN stocked_notice = '不详' OR planned_notice = '不详' OR completed_notice = '不详' THEN '无法判定'
    ELSE '未命中'
  END AS verdict,
  concat_ws('、', CASE WHEN is_not_stocked THEN '没有入库' WHEN is_early THEN '开工早于入库' END) AS clue_basis,
  stocked_notice,
  planned_notice,
  completed_notice,
  project_class_code,
  project_status_code,
  stocked_date AS project_stocked_date,
  actual_start_date AS project_started_date
FROM judged
