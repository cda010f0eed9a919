-- Q03 证号与出生日期、性别不符
-- 号码里的出生日期与登记的出生日期不同，或者号码第 17 位所示的性别与登记的性别不同的。
-- 政策依据: GB 11643-1999 公民身份号码：第 7—14 位为出生日期，第 17 位奇数为男、偶数为女。
-- Severity: 黄
-- Owner: 乡镇
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: person（建档立卡人口，按人，不按户）
-- Scope: person_key
-- Parameters: none
-- Feeds: registry_person
-- Inputs: core.registry_number.
-- Limits: 看的是登记那一行自己的号码，15 位旧号升位后同样看，残疾人证看前 18 位。没有号码的不判（Q01）。性别填未知、未说明的当作没有填；出生日期或性别没有填，
--   填了的又与号码相符的，无法判定。登记的是农历生日的也算不符。
-- Tie-breaks: 一人有几行的，有一行命中即命中；各行的理由都列出。
WITH compared AS (
  SELECT
    person_key, household_id, village_code,
    id_birth_date <> birth_date AS is_birth_wrong,
    CASE WHEN sex_code IN ('1', '2') THEN id_sex_code <> sex_code END AS is_sex_wrong
  FROM core.registry_number
  WHERE has_number
)
SELECT
  CAST(person_key AS VARCHAR) AS subject,
  person_key,
  min(household_id) AS household_id,
  min(village_code) AS village_code,
  CASE
    WHEN bool_or(is_birth_wrong) OR bool_or(is_sex_wrong) THEN '命中'
    WHEN bool_or(is_birth_wrong IS NULL OR is_sex_wrong IS NULL) THEN '无法判定'
    ELSE '未命中'
  END AS verdict,
  concat_ws('、', CASE WHEN bool_or(is_birth_wrong) THEN '出生日期不同' END, CASE WHEN bool_or(is_sex_wrong) THEN '性别不同' END) AS clue_reason
FROM compared
GROUP BY person_key
