-- L10 逾期率偏高
-- 一家银行机构在一个乡镇的扶贫小额信贷逾期率达到 1% 的；全县逾期率一并列出。
-- 政策依据: 北委发〔2019〕5号 四(七) 防范化解金融风险；比例为工作口径，待核准。
-- Severity: 橙
-- Owner: yinhang
-- Version: 1，2014-12-01 至 9999-12-31
-- Subject: town（不按户）
-- Parameters: OVERDUE_WARN
-- Feeds: bank_loan
-- Inputs: core.loan, ref.parameter, ref.run.
-- Limits: 逾期率 = 逾期金额 ÷ 余额，恰好 1% 也算。乡镇按借款人所在村，查不到的归入“不详”；银行机构空缺的也归入“不详”。subject 为乡镇代码加银行机构。
-- Tie-breaks: none (sums only).
WITH parameter AS (
  SELECT max(CASE WHEN parameter.code = 'OVERDUE_WARN' THEN parameter.value END) AS overdue_warn
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
summed AS (
  SELECT
    coalesce(substr(village_code, 1, 9), '不详') AS town_code,
    coalesce(bank, '不详') AS bank,
    count(*) AS note_count,
    sum(CASE WHEN is_overdue THEN 1 ELSE 0 END) AS overdue_note_count,
    sum(balance_yuan) AS balance_yuan,
    sum(overdue_yuan) AS overdue_yuan
  FROM core.loan
  WHERE product_code = '1' AND is_open
  GROUP BY coalesce(substr(village_code, 1, 9), '不详'), coalesce(bank, '不详')
),
county AS (
  SELECT sum(overdue_yuan) AS overdue_yuan, sum(balance_yuan) AS balance_yuan
  FROM summed
)
SELECT
  summed.town_code || ' ' || summed.bank AS subject,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS household_id,
  CAST(NULL AS VARCHAR) AS village_code,
  CASE WHEN summed.overdue_yuan >= summed.balance_yuan * parameter.overdue_warn THEN '命中' ELSE '未命中' END AS verdict,
  summed.note_count,
  CAST(summed.overdue_note_count AS BIGINT) AS overdue_note_count,
  CAST(summed.balance_yuan AS DECIMAL(18, 2)) AS area_balance_yuan,
  CAST(summed.overdue_yuan AS DECIMAL(18, 2)) AS overdue_yuan,
  CAST(CAST(summed.overdue_yuan AS DOUBLE) / summed.balance_yuan AS DECIMAL(12, 8)) AS overdue_rate,
  CAST(CAST(county.overdue_yuan AS DOUBLE) / county.balance_yuan AS DECIMAL(12, 8)) AS county_overdue_rate
FROM summed
CROSS JOIN county
CROSS JOIN parameter
