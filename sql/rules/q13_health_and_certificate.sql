-- Q13 健康状况与残疾证矛盾
-- 建档立卡人口登记的健康状况是残疾而残联没有他的残疾证，或者持有残疾证而登记为健康。
-- 政策依据: 北委发〔2019〕5号 二(三) 贫困残疾人底数；建档立卡数据质量核查项（健康状况与残疾证）。
-- Severity: 黄
-- Owner: 乡镇
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: person（建档立卡人口）
-- Scope: person_key
-- Parameters: none
-- Feeds: registry_person, disability
-- Undone by: registry_person, disability
-- Inputs: core.member, core.deceased, core.registry_person_now, core.disability_now.
-- Limits: 没有残疾证 = 残联名单上没有，或者都已注销；过期、冻结的算有证（由 P07 查）。持证而登记为慢性病、大病的不算矛盾。健康状况为空的无法判定。
--   残联名单上没有对上人的行看不到。已死亡的不判。
-- Tie-breaks: none.
WITH certified AS (
  SELECT person_key
  FROM core.disability_now
  WHERE person_key IS NOT NULL AND status_code <> '3'
  GROUP BY person_key
),
compared AS (
  SELECT
    member.person_key, member.household_id, member.village_code, listed.health_code,
    certified.person_key IS NOT NULL AS is_certified
  FROM core.member AS member
  INNER JOIN core.registry_person_now AS listed ON listed.person_id = member.person_id
  LEFT JOIN core.deceased AS deceased ON deceased.person_key = member.person_key
  LEFT JOIN certified ON certified.person_key = member.person_key
  WHERE member.is_registered AND NOT member.is_deceased AND deceased.person_key IS NULL
)
SELECT
  CAST(person_key AS VARCHAR) AS subject,
  person_key,
  household_id,
  village_code,
  CASE
    WHEN health_code IS NULL THEN '无法判定'
    WHEN health_code IN ('04', '05', '06') AND NOT is_certified THEN '命中'
    WHEN health_code = '01' AND is_certified THEN '命中'
    ELSE '未命中'
  END AS verdict,
  CASE
    WHEN health_code IN ('04', '05', '06') AND NOT is_certified THEN '登记为残疾，没有残疾证'
    WHEN health_code = '01' AND is_certified THEN '持残疾证，登记为健康'
  END AS clue_reason
FROM compared
