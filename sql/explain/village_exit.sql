-- explain.village_exit
-- 综合贫困发生率分子的每一部分是哪些人。
-- Inputs: mart.person_status, core.exit_finding_now, core.village_now.
-- Limits: 分母的名单用 village_incidence 的 denominator 列出。
-- Derived: exit_year = 登记的退出年度; exit_numerator = 四部分之和; denominator = mart.village_incidence 的分母; comprehensive_incidence = exit_numerator ÷ denominator
WITH person AS (
  SELECT status.village_code, status.household_id, status.person_key, status.poverty_status_code, status.is_poor
  FROM mart.person_status AS status
  INNER JOIN core.village_now AS village ON village.village_code = status.village_code
  WHERE village.is_poor_village
)
SELECT
  village_code,
  CASE WHEN poverty_status_code = '3' THEN 'returned_persons' ELSE 'not_exited_persons' END AS figure,
  household_id,
  person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM person
WHERE is_poor
UNION ALL
SELECT
  village_code,
  'unknown_count' AS figure,
  household_id,
  person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM person
WHERE is_poor IS NULL
UNION ALL
SELECT
  found.village_code,
  CASE WHEN found.finding_kind_code = '1' THEN 'missed_persons' ELSE 'wrongly_exited_persons' END AS figure,
  max(found.household_id) AS household_id,
  found.person_key,
  max(CAST(found.found_date AS VARCHAR)) AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM core.exit_finding_now AS found
INNER JOIN core.village_now AS village ON village.village_code = found.village_code
LEFT JOIN mart.person_status AS status ON status.person_key = found.person_key
WHERE village.is_poor_village AND NOT coalesce(found.is_corrected, FALSE) AND NOT coalesce(status.is_poor, FALSE)
GROUP BY found.village_code, found.finding_kind_code, found.person_key
