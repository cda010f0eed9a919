-- explain.safety_net
-- 兜底保障各数字背后是哪些人。
-- Inputs: core.safety_net_figure.
-- Limits: 数据源未到的数字为空，也没有行。
-- Derived: neither_count = rural_people − registered_allowance − registered_only − allowance_only; service_rate = service_done ÷ service_due; rehab_rate_target = 参数 REHAB_RATE; allowance_standard_yuan = 参数 ALLOWANCE_STANDARD; provincial_line = 参数 LINE_PROV_LN
WITH located AS (
  SELECT figure, person_key, household_id, coalesce(village_code, '不详') AS village_code
  FROM core.safety_net_figure
)
SELECT
  '村' AS area_level,
  village_code AS area_code,
  figure,
  household_id,
  person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM located
UNION ALL
SELECT
  '乡' AS area_level,
  substr(village_code, 1, 9) AS area_code,
  figure,
  household_id,
  person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM located
UNION ALL
SELECT
  '县' AS area_level,
  substr(village_code, 1, 6) AS area_code,
  figure,
  household_id,
  person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM located
