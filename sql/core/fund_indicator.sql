-- core.fund_indicator
-- 资金指标：每个指标文号下达多少、什么时候下达、哪几级资金、限定什么用途，财政自报支付了多少。
-- Grain: one row per allotment document (allotment_no).
-- 政策依据: 北委发〔2019〕5号 三(二)1 “到户到人的资金落到实处”；财政专项扶贫资金管理办法。
-- Inputs: core.fund_allotment_now.
-- Limits: 同一文号的几级资金合为一行：支付凭证只写文号，不分级次。括号写法不同、有无“第”字的文号视为同一个。追减指标照减。
-- Tie-breaks: 下达日期、预算年度取最早的，到期日取最晚的，用途限制取字典序最大的一条（同文号各级次通常相同）。
WITH allotment AS (
  SELECT
    replace(translate(allotment_no, '[]［］()（）【】', '〔〕〔〕〔〕〔〕〔〕'), '第', '') AS allotment_no,
    fund_level_code, budget_year, allotted_yuan, allotted_date, restriction, carried_over_yuan, expiry_date, spent_yuan, unspent_yuan
  FROM core.fund_allotment_now
)
SELECT
  allotment_no,
  concat_ws(
    '、',
    max(CASE WHEN fund_level_code = '1' THEN '中央' END),
    max(CASE WHEN fund_level_code = '2' THEN '省级' END),
    max(CASE WHEN fund_level_code = '3' THEN '地市级' END),
    max(CASE WHEN fund_level_code = '4' THEN '县级' END)
  ) AS fund_levels,
  coalesce(min(budget_year), CAST(extract(YEAR FROM min(allotted_date)) AS BIGINT)) AS budget_year,
  CAST(sum(allotted_yuan) AS DECIMAL(18, 2)) AS allotted_yuan,
  CAST(sum(coalesce(carried_over_yuan, 0)) AS DECIMAL(18, 2)) AS carried_over_yuan,
  min(allotted_date) AS allotted_date,
  max(expiry_date) AS expiry_date,
  max(restriction) AS restriction,
  CAST(sum(spent_yuan) AS DECIMAL(18, 2)) AS reported_spent_yuan
FROM allotment
GROUP BY allotment_no
