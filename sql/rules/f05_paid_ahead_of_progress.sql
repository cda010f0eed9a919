-- F05 进度与支付不匹配
-- 项目支付比例比工程进度高出 30 个百分点以上的。
-- 政策依据: 北委发〔2019〕5号 三(二)1“加强执行监控”；比例为工作口径，待核准。
-- Severity: 黄
-- Owner: caizheng
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: project（不按户）
-- Parameters: PAY_PROGRESS_GAP
-- Feeds: project, fund_payment
-- Inputs: core.project_check, core.fund_voucher, ref.parameter, ref.run.
-- Limits: 只判有支付的项目。支付比例 = 支付净额 ÷ 资金规模；完工、验收、移交的项目没有填进度的按 100%；实施中没有填进度的、资金规模为零的无法判定。恰好 30 个百分点不算。
-- Tie-breaks: none (sums only).
WITH parameter AS (
  SELECT max(CASE WHEN parameter.code = 'PAY_PROGRESS_GAP' THEN parameter.value END) AS progress_gap
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
paid AS (
  SELECT project_no, sum(payment_yuan) AS paid_yuan
  FROM core.fund_voucher
  WHERE project_no IS NOT NULL
  GROUP BY project_no
  HAVING sum(payment_yuan) > 0
),
judged AS (
  SELECT
    project.project_no, project.village_code, project.project_class_code, project.project_status_code, project.budget_yuan, paid.paid_yuan,
    project.progress_ratio
  FROM paid
  INNER JOIN core.project_check AS project ON project.project_no = paid.project_no
)
SELECT
  judged.project_no AS subject,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS household_id,
  judged.village_code,
  CASE
    WHEN judged.progress_ratio IS NULL OR judged.budget_yuan <= 0 THEN '无法判定'
    -- Multiplied out, so that a share exactly on the limit is not lost to rounding.
    WHEN judged.paid_yuan > judged.budget_yuan * (judged.progress_ratio + parameter.progress_gap) THEN '命中'
    ELSE '未命中'
  END AS verdict,
  CASE
    WHEN judged.budget_yuan > 0 THEN CAST(CAST(judged.paid_yuan AS DOUBLE) / judged.budget_yuan AS DECIMAL(12, 8))
  END AS project_paid_ratio,
  judged.progress_ratio AS project_progress_ratio,
  CAST(judged.paid_yuan AS DECIMAL(18, 2)) AS fund_paid_yuan,
  CAST(judged.budget_yuan AS DECIMAL(18, 2)) AS project_budget_yuan,
  judged.project_class_code
FROM judged
CROSS JOIN parameter
