-- Q02 证件类型与号码不符
-- 证件类型填身份证而号码是残疾人证的，或者证件类型填残疾人证而号码不是的。
-- 政策依据: GB 11643-1999 公民身份号码；《中华人民共和国残疾人证管理办法》：残疾人证号为公民身份号码加类别、等级代码。
-- Severity: 黄
-- Owner: 乡镇
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: person（建档立卡人口，按人，不按户）
-- Scope: person_key
-- Parameters: none
-- Feeds: registry_person
-- Inputs: core.registry_number.
-- Limits: 没有号码的不判（Q01）；15 位旧号是号码不合规（Q01），身份证类型下的不算不符。没有填证件类型的无法判定。残疾人证号末两位不是类别 1—7、等级 1—4 的，
--   接收时整行退回，不在这里。
-- Tie-breaks: 一人有几行的，有一行命中即命中，理由不止一个的取文字最小的。
WITH looked_at AS (
  SELECT
    person_key, household_id, village_code, id_type_code,
    CASE
      WHEN id_type_code = '01' AND number_shape = 'cert20' THEN '身份证类型，号码是残疾人证'
      WHEN id_type_code = '09' AND number_shape <> 'cert20' THEN '残疾人证类型，号码不是残疾人证'
    END AS reason
  FROM core.registry_number
  WHERE number_shape <> 'none'
)
SELECT
  CAST(person_key AS VARCHAR) AS subject,
  person_key,
  min(household_id) AS household_id,
  min(village_code) AS village_code,
  CASE
    WHEN count(reason) > 0 THEN '命中'
    WHEN count(id_type_code) < count(*) THEN '无法判定'
    ELSE '未命中'
  END AS verdict,
  min(reason) AS clue_reason
FROM looked_at
GROUP BY person_key
