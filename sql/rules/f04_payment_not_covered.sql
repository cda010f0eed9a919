-- F04 超付、无项目支付、用途不符
-- 支付没有项目或项目库里查不到，使项目累计支付超过资金规模，或指标限定的用途与项目类别不符的。
-- 政策依据: 北委发〔2019〕5号 三(二)1；财政专项扶贫资金管理办法：专款专用。
-- Severity: 红
-- Owner: caizheng
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: payment（不按户）
-- Parameters: none
-- Feeds: fund_payment, fund_allotment, project
-- Inputs: core.fund_voucher, core.fund_indicator, core.project_check, ref.fund_restriction.
-- Limits: 红冲凭证和被全额红冲的凭证不判。超付的是按付款日期累计超过资金规模的那些凭证，恰好等于不算。用途限制按关键词对应项目类别，一个关键词都没有的视为没有限制；指标文号
--   查不到的，用途无法判定。
-- Tie-breaks: 同一天的凭证按凭证号先后累计。
WITH allowed AS (
  SELECT indicator.allotment_no, restriction.project_class_code
  FROM core.fund_indicator AS indicator
  INNER JOIN ref.fund_restriction AS restriction ON contains(indicator.restriction, restriction.restriction_word)
  GROUP BY indicator.allotment_no, restriction.project_class_code
),
restricted AS (
  SELECT allotment_no
  FROM allowed
  GROUP BY allotment_no
),
spent AS (
  SELECT
    voucher.voucher_no, voucher.allotment_no, voucher.is_allotment_known, voucher.project_no, voucher.payment_date, voucher.payment_yuan, voucher.is_reversed,
    project.village_code, project.budget_yuan, project.project_class_code,
    CASE
      WHEN voucher.project_no IS NOT NULL
        THEN sum(voucher.payment_yuan) OVER (PARTITION BY voucher.project_no ORDER BY voucher.payment_date, voucher.voucher_no ROWS UNBOUNDED PRECEDING)
    END AS running_yuan
  FROM core.fund_voucher AS voucher
  LEFT JOIN core.project_check AS project ON project.project_no = voucher.project_no
),
judged AS (
  SELECT
    spent.voucher_no, spent.project_no, spent.village_code, spent.payment_date, spent.payment_yuan, spent.budget_yuan, spent.project_class_code,
    spent.running_yuan, spent.is_allotment_known,
    spent.project_no IS NULL AS has_no_project,
    coalesce(spent.running_yuan > spent.budget_yuan, FALSE) AS is_overpaid,
    restricted.allotment_no IS NOT NULL AND allowed.allotment_no IS NULL AND spent.project_no IS NOT NULL AS is_misused
  FROM spent
  LEFT JOIN restricted ON restricted.allotment_no = spent.allotment_no
  LEFT JOIN allowed ON allowed.allotment_no = spent.allotment_no AND allowed.project_class_code = spent.project_class_code
  WHERE NOT spent.is_reversed
)
SELECT
  voucher_no AS subject,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS household_id,
  village_code,
  CASE
    WHEN has_no_project OR is_overpaid OR is_misused THEN '命中'
    WHEN NOT is_allotment_known THEN '无法判定'
    ELSE '未命中'
  END AS verdict,
  concat_ws(
    '、',
    CASE WHEN has_no_project THEN '没有项目' END,
    CASE WHEN is_overpaid THEN '超过资金规模' END,
    CASE WHEN is_misused THEN '用途与指标不符' END
  ) AS clue_basis,
  payment_yuan,
  payment_date,
  CAST(running_yuan AS DECIMAL(18, 2)) AS project_running_yuan,
  CAST(budget_yuan AS DECIMAL(18, 2)) AS project_budget_yuan,
  project_class_code
FROM judged
