-- V02 贫困村收入未翻番或增幅低于全市
-- 贫困村农民人均收入没有达到 2010 年的两倍，或增幅不高于全市平均的。
-- 政策依据: 北委发〔2019〕5号 一(三) “贫困村农民人均可支配收入比2010年翻一番以上，增长幅度高于全市平均”。
-- Severity: 橙
-- Owner: fupinban
-- Version: 1，2019-01-01 至 9999-12-31
-- Subject: village（不以户计）
-- Parameters: INCOME_X
-- Feeds: village
-- Undone by: village
-- Inputs: mart.village_income.
-- Limits: 两年口径不同、没有注明 2010 年口径或没有基数的村无法判定，不相除。按名义收入判定；实际倍数在 mart.village_income。
-- Tie-breaks: none; mart.village_income has one row per village.
SELECT
  village.village_code AS subject,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS household_id,
  village.village_code,
  CASE
    WHEN village.doubled_state = '不达标' OR village.growth_state = '不高于' THEN '命中'
    WHEN village.doubled_state = '达标' AND village.growth_state = '高于' THEN '未命中'
    ELSE '无法判定'
  END AS verdict,
  village.village_income_yuan,
  village.base_income_yuan,
  village.income_ratio,
  village.county_income_ratio,
  village.income_basis_note
FROM mart.village_income AS village
WHERE village.is_poor_village
