-- X04 工商登记
-- 建档立卡户的成员是存续企业的法定代表人、主要股东，或者是存续的个体工商户的。
-- 政策依据: 建档立卡错评剔除“十原则”；北委发〔2019〕5号 三(一)1 精准识别、动态管理。
-- Severity: 橙
-- Owner: 乡镇
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: household（建档立卡共同生活户）
-- Scope: household_id = subject
-- Parameters: MAJOR_SHARE
-- Feeds: business_registration, registry_household, registry_person
-- Undone by: registry_household
-- Inputs: core.business_registration_now, core.member, core.registry_household_now, ref.parameter, ref.run.
-- Limits: 法定代表人（企业、合作社）、个体工商户的经营者算；企业股东出资比例不低于 MAJOR_SHARE 的算，比例不详的无法判定；合作社社员和出资的
--   成员不算（入社是帮扶措施），董事、监事不算；主体类型为其他的无法判定。只看登记状态为存续的，吊销、注销、迁出、停业的不算。
--   被人冒名登记的看不出来。命中只是核查理由。person_key 为命中的成员。
-- Tie-breaks: 几名成员命中时 person_key 取键最小的。
WITH parameter AS (
  SELECT max(CASE WHEN parameter.code = 'MAJOR_SHARE' THEN parameter.value END) AS major_share
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
judged AS (
  SELECT
    member.household_id,
    member.person_key,
    business.registered_capital_yuan,
    CASE
      WHEN business.role_code IN ('4', '9') THEN '不算'
      WHEN business.enterprise_type_code = '9' THEN '说不清'
      WHEN business.role_code IN ('1', '3') THEN '算'
      WHEN business.enterprise_type_code = '3' THEN '不算'
      WHEN business.capital_ratio IS NULL THEN '说不清'
      WHEN business.capital_ratio >= parameter.major_share THEN '算'
      ELSE '不算'
    END AS counts
  FROM core.business_registration_now AS business
  INNER JOIN core.member AS member ON member.person_key = business.person_key
  CROSS JOIN parameter
  WHERE member.is_registered AND NOT member.is_deceased AND business.enterprise_status_code = '1'
),
run_by AS (
  SELECT
    household_id,
    count(*) FILTER (WHERE counts = '算') AS business_count,
    count(*) FILTER (WHERE counts = '说不清') AS unclear_business_count,
    max(CASE WHEN counts = '算' THEN registered_capital_yuan END) AS registered_capital_yuan,
    min(CASE WHEN counts = '算' THEN person_key END) AS owner_key
  FROM judged
  GROUP BY household_id
)
SELECT
  household.household_id AS subject,
  coalesce(run_by.owner_key, household.person_key) AS person_key,
  household.household_id,
  household.village_code,
  CASE
    WHEN run_by.business_count > 0 THEN '命中'
    WHEN run_by.unclear_business_count > 0 THEN '无法判定'
    ELSE '未命中'
  END AS verdict,
  '开办企业或个体工商户' AS clue_reason,
  coalesce(run_by.business_count, 0) AS business_count,
  coalesce(run_by.unclear_business_count, 0) AS unclear_business_count,
  run_by.registered_capital_yuan
FROM core.registry_household_now AS household
LEFT JOIN run_by ON run_by.household_id = household.household_id
