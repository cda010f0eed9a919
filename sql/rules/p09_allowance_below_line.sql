-- P09 低保标准低于省扶贫标准
-- 农村低保标准（年）低于辽宁省扶贫标准的。
-- 政策依据: 北委发〔2019〕5号 二(一)5 农村低保标准与扶贫标准衔接；民发〔2017〕152号。
-- Severity: 红
-- Owner: minzheng
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: county（全县一条）
-- Parameters: ALLOWANCE_STANDARD, LINE_PROV_LN
-- Feeds: none
-- Inputs: ref.county, ref.parameter, ref.run.
-- Limits: 两个数都由主管部门录入参数表，任一没有录入即为参数缺失；恰好相等不低于。
-- Tie-breaks: none (one county).
WITH parameter AS (
  SELECT
    max(CASE WHEN parameter.code = 'ALLOWANCE_STANDARD' THEN parameter.value END) AS allowance_standard_yuan,
    max(CASE WHEN parameter.code = 'LINE_PROV_LN' THEN parameter.value END) AS provincial_line
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
county AS (
  SELECT county_code
  FROM ref.county
  GROUP BY county_code
)
SELECT
  county.county_code AS subject,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS household_id,
  CAST(NULL AS VARCHAR) AS village_code,
  CASE
    WHEN parameter.allowance_standard_yuan IS NULL OR parameter.provincial_line IS NULL THEN '参数缺失'
    WHEN parameter.allowance_standard_yuan < parameter.provincial_line THEN '命中'
    ELSE '未命中'
  END AS verdict,
  '农村低保标准低于省扶贫标准' AS clue_reason,
  parameter.allowance_standard_yuan,
  parameter.provincial_line
FROM county
CROSS JOIN parameter
