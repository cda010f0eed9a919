-- Q01 证件号码不合规
-- 建档立卡人口没有证件号码、仍用 15 位旧号，或者号码里的地区、出生日期不可能的。
-- 政策依据: GB 11643-1999 公民身份号码；《居民身份证法》第三条；国务院：第一代居民身份证 2013 年 1 月 1 日停止使用。
-- Severity: 橙
-- Owner: 乡镇
-- Version: 1，2013-01-01 至 9999-12-31
-- Subject: person（建档立卡人口，按人，不按户）
-- Scope: person_key
-- Parameters: BIRTH_REPORT_DAYS, ID_AGE_MAX
-- Feeds: registry_person
-- Inputs: core.registry_number, ref.parameter, ref.run.
-- Limits: 长度、字符、校验位错的号码在接收时整行退回，回执已经告诉部门，这里只判收下来的行。残疾人证号的前 18 位照公民身份号码判。没有号码而出生
--   未满申报期限的不命中，出生日期不详的无法判定；名单没有证件号码一列的无法判定。号码的地区只看前两位是不是省级代码（9 开头的是外国人永久居留证）；
--   1900-01-01 是常见的占位日期。
-- Tie-breaks: 一人有几行的，有一行命中即命中，理由不止一个的取文字最小的。
WITH parameter AS (
  SELECT
    max(CASE WHEN parameter.code = 'BIRTH_REPORT_DAYS' THEN parameter.value END) AS report_days,
    max(CASE WHEN parameter.code = 'ID_AGE_MAX' THEN parameter.value END) AS age_max
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
looked_at AS (
  SELECT
    number.person_key, number.household_id, number.village_code,
    CASE
      WHEN number.number_shape = 'none' AND date_diff('day', number.birth_date, run.as_of) > parameter.report_days THEN '没有证件号码'
      WHEN number.number_shape = 'id15' THEN '15位旧号'
      WHEN NOT number.id_has_province THEN '号码的地区不存在'
      WHEN number.id_birth_date = DATE '1900-01-01' THEN '号码的出生日期是占位'
      WHEN number.id_birth_date > run.as_of THEN '号码的出生日期在以后'
      WHEN number.id_birth_date <= run.as_of - INTERVAL 1 YEAR * CAST(parameter.age_max + 1 AS INTEGER) THEN '号码的出生日期太早'
    END AS reason,
    CASE
      WHEN number.number_shape = 'none' THEN number.birth_date IS NULL
      ELSE NOT number.has_number
    END AS is_unclear
  FROM core.registry_number AS number
  CROSS JOIN ref.run AS run
  CROSS JOIN parameter
)
SELECT
  CAST(person_key AS VARCHAR) AS subject,
  person_key,
  min(household_id) AS household_id,
  min(village_code) AS village_code,
  CASE
    WHEN count(reason) > 0 THEN '命中'
    WHEN bool_or(is_unclear) THEN '无法判定'
    ELSE '未命中'
  END AS verdict,
  min(reason) AS clue_reason
FROM looked_at
GROUP BY person_key
