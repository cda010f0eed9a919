-- explain.village_incidence
-- 村贫困发生率的分子、分母各是哪些人，建档人口和脱贫属性不明的又是哪些人。
-- Inputs: mart.village_incidence_person, mart.person_status.
-- Limits: 村报人数没有名单，分母来自村报人数时列不出人。
-- Derived: rate = numerator ÷ denominator; denominator = register_count 或 reported_count; reported_count = 村报农村户籍人口; exit_year = 登记的退出年度
SELECT
  coalesce(village_code, '不详') AS village_code,
  CASE WHEN list = '分子' THEN 'numerator' ELSE 'register_count' END AS figure,
  CAST(NULL AS VARCHAR) AS household_id,
  person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM mart.village_incidence_person
UNION ALL
SELECT
  coalesce(village_code, '不详') AS village_code,
  'registered_count' AS figure,
  household_id,
  person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM mart.person_status
UNION ALL
SELECT
  coalesce(village_code, '不详') AS village_code,
  'unknown_count' AS figure,
  household_id,
  person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM mart.person_status
WHERE is_poor IS NULL
