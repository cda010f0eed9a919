-- F02 未入库先实施、未公示
-- 已经实施的项目没有入库、开工早于入库，或者应当公示的环节没有公示、公示期不足的。
-- 政策依据: 北委发〔2019〕5号 三(二)1“建立县乡级脱贫攻坚项目库，健全公告公示制度”；国开办发〔2018〕11号。
-- Severity: 橙
-- Owner: fupinban
-- Version: 1，2018-01-01 至 9999-12-31
-- Subject: project（不按户）
-- Parameters: PUBLIC_DAYS_PROJECT
-- Feeds: project, project_disclosure
-- Inputs: core.project_now, core.project_disclosure_now, ref.parameter, ref.run.
-- Limits: 只判实施、完工、验收、移交的项目。入库、开工都只精确到月，同一个月的不算早。实施的应有入库、计划两个环节的公示，验收、移交的还应有完工公示；完工的从完工的
--   次月起应有。项目公示期按日历天，首末日都算，各地点中取最长的；还在公示、没有到期的不算不足，没有结束日期的无法判定。
-- Tie-breaks: none; the longest notice of a stage counts.
WITH parameter AS (
  SELECT max(CASE WHEN parameter.code = 'PUBLIC_DAYS_PROJECT' THEN parameter.value END) AS public_days
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
notice AS (
  SELECT
    notice.project_no,
    notice.notice_stage_code,
    max(date_diff('day', notice.from_date, notice.to_date) + 1) AS longest_days,
    max(CASE WHEN notice.to_date IS NULL THEN 1 ELSE 0 END) AS has_open_end
  FROM core.project_disclosure_now AS notice
  CROSS JOIN ref.run AS run
  WHERE notice.from_date <= run.as_of
  GROUP BY notice.project_no, notice.notice_stage_code
),
stage AS (
  SELECT
    notice.project_no,
    max(CASE
      WHEN notice.notice_stage_code <> '1' THEN NULL
      WHEN notice.longest_days >= parameter.public_days THEN 3
      WHEN notice.has_open_end = 1 THEN 2
      ELSE 1
    END) AS stocked_state,
    max(CASE
      WHEN notice.notice_stage_code <> '2' THEN NULL
      WHEN notice.longest_days >= parameter.public_days THEN 3
      WHEN notice.has_open_end = 1 THEN 2
      ELSE 1
    END) AS planned_state,
    max(CASE
      WHEN notice.notice_stage_code <> '3' THEN NULL
      WHEN notice.longest_days >= parameter.public_days THEN 3
      WHEN notice.has_open_end = 1 THEN 2
      ELSE 1
    END) AS completed_state
  FROM notice
  CROSS JOIN parameter
  GROUP BY notice.project_no
),
judged AS (
  SELECT
    project.project_no, project.village_code, project.project_class_code, project.project_status_code, project.stocked_date, project.actual_start_date,
    project.stocked_date IS NULL AS is_not_stocked,
    coalesce(date_trunc('month', project.actual_start_date) < date_trunc('month', project.stocked_date), FALSE) AS is_early,
    coalesce(stage.stocked_state, 0) AS stocked_state,
    coalesce(stage.planned_state, 0) AS planned_state,
    CASE
      WHEN project.project_status_code IN ('5', '6') OR date_trunc('month', project.actual_end_date) < date_trunc('month', run.as_of)
        AND project.project_status_code = '4' THEN coalesce(stage.completed_state, 0)
      ELSE 3
    END AS completed_state
  FROM core.project_now AS project
  CROSS JOIN ref.run AS run
  LEFT JOIN stage ON stage.project_no = project.project_no
  WHERE project.project_status_code IN ('3', '4', '5', '6')
)
SELECT
  project_no AS subject,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS household_id,
  village_code,
  CASE
    WHEN is_not_stocked OR is_early OR least(stocked_state, planned_state, completed_state) <= 1 THEN '命中'
    WHEN least(stocked_state, planned_state, completed_state) = 2 THEN '无法判定'
    ELSE '未命中'
  END AS verdict,
  concat_ws(
    '、',
    CASE WHEN is_not_stocked THEN '没有入库' WHEN is_early THEN '开工早于入库' END,
    CASE stocked_state WHEN 0 THEN '入库未公示' WHEN 1 THEN '入库公示期不足' WHEN 2 THEN '入库公示没有结束日期' END,
    CASE planned_state WHEN 0 THEN '计划未公示' WHEN 1 THEN '计划公示期不足' WHEN 2 THEN '计划公示没有结束日期' END,
    CASE completed_state WHEN 0 THEN '完工未公示' WHEN 1 THEN '完工公示期不足' WHEN 2 THEN '完工公示没有结束日期' END
  ) AS clue_basis,
  project_class_code,
  project_status_code,
  stocked_date AS project_stocked_date,
  actual_start_date AS project_started_date
FROM judged
