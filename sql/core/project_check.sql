-- core.project_check
-- 项目核对：每个项目的状态、进度，绩效目标有没有量化，入库、计划、完工三个环节的公示够不够。
-- Grain: one row per project (project_no).
-- 政策依据: 北委发〔2019〕5号 三(二)1“明确绩效目标”“健全公告公示制度”；国开办发〔2018〕11号。
-- Inputs: core.project_now, core.project_disclosure_now, ref.parameter, ref.run.
-- Limits: 量化指有数字、百分之几或“三十户”一类带单位的数；只写年份（2019年完成）不算量化。公示期按日历天，首末日都算，各地点中取最长的：足够、不足、不详（没有结束
--   日期）、没有、不需要。储备只需入库公示，批准起还需计划公示，验收、移交还需完工公示，完工的从完工次月起需要；终止的都不需要。
--   progress_ratio 没有填的，完工、验收、移交按 100%。
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
    CASE
      WHEN max(date_diff('day', notice.from_date, notice.to_date) + 1) >= max(parameter.public_days) THEN '足够'
      WHEN max(CASE WHEN notice.to_date IS NULL THEN 1 ELSE 0 END) = 1 THEN '不详'
      ELSE '不足'
    END AS notice_state
  FROM core.project_disclosure_now AS notice
  CROSS JOIN ref.run AS run
  CROSS JOIN parameter
  WHERE notice.from_date <= run.as_of
  GROUP BY notice.project_no, notice.notice_stage_code
),
stage AS (
  SELECT
    project_no,
    max(CASE WHEN notice_stage_code = '1' THEN notice_state END) AS stocked_notice,
    max(CASE WHEN notice_stage_code = '2' THEN notice_state END) AS planned_notice,
    max(CASE WHEN notice_stage_code = '3' THEN notice_state END) AS completed_notice
  FROM notice
  GROUP BY project_no
)
SELECT
  project.project_no,
  project.village_code,
  project.project_class_code,
  project.project_status_code,
  project.project_year,
  project.budget_yuan,
  CAST(
    coalesce(project.progress_ratio, CASE WHEN project.project_status_code IN ('4', '5', '6') THEN 1 END) AS DECIMAL(12, 8)
  ) AS progress_ratio,
  project.stocked_date,
  project.actual_start_date,
  project.plan_end_date,
  project.acceptance_code,
  project.benefit_poor_household_count,
  project.performance_target IS NOT NULL AS has_target,
  coalesce(
    regexp_matches(
      regexp_replace(project.performance_target, '(19|20)[0-9]{2} ?(年|-)', '', 'g'),
      '[0-9０-９]|百分之|[一二两三四五六七八九十百千万](余)?(户|人|亩|座|个|处|眼|条|栋|头|只|台|套|次|公里|平方米|元|吨|米|成)'
    ), FALSE
  ) AS is_target_measured,
  CASE WHEN project.project_status_code = '9' THEN '不需要' ELSE coalesce(stage.stocked_notice, '没有') END AS stocked_notice,
  CASE WHEN project.project_status_code IN ('1', '9') THEN '不需要' ELSE coalesce(stage.planned_notice, '没有') END AS planned_notice,
  CASE
    WHEN project.project_status_code IN ('5', '6') THEN coalesce(stage.completed_notice, '没有')
    WHEN project.project_status_code = '4' AND date_trunc('month', project.actual_end_date) < date_trunc('month', run.as_of)
      THEN coalesce(stage.completed_notice, '没有')
    ELSE '不需要'
  END AS completed_notice
FROM core.project_now AS project
CROSS JOIN ref.run AS run
LEFT JOIN stage ON stage.project_no = project.project_no
