-- Q04 一人多户、重复建档
-- 同一个人在两个以上在册的户里，或者在同一户里登记了两次的。
-- 政策依据: 《建档立卡动态管理办法》：以户为单位整户识别，一人只能在一户；北委发〔2019〕5号 三(一)1 精准识别、动态管理。
-- Severity: 红
-- Owner: 乡镇
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: person（建档立卡人口，按人；户为建档立卡共同生活户）
-- Scope: person_key
-- Parameters: none
-- Feeds: registry_person, registry_household
-- Inputs: core.registry_number, core.registry_household_now, core.citizen_mark.
-- Limits: 同一个人 = 同一个 person_key（证件号码、换号和人工认定以后）；没有号码、也没有对上户籍的人认不出来，无法判定。户编号已不在册的行不算一户。
--   两份名单的数据日期不同的，户的变动要等另一份名单，照现有的判。
-- Tie-breaks: 涉及几户的，线索列在户编号最小的在册户名下。
WITH listed AS (
  SELECT
    number.person_key,
    count(household.household_id) AS active_count,
    min(household.household_id) AS household_id,
    max(household.household_id) AS last_household_id,
    arg_min(household.village_code, household.household_id) AS village_code
  FROM core.registry_number AS number
  LEFT JOIN core.registry_household_now AS household ON household.household_id = number.household_id
  GROUP BY number.person_key
)
SELECT
  CAST(listed.person_key AS VARCHAR) AS subject,
  listed.person_key,
  listed.household_id,
  listed.village_code,
  CASE
    WHEN listed.active_count > 1 THEN '命中'
    WHEN mark.citizen_key IS NULL THEN '无法判定'
    ELSE '未命中'
  END AS verdict,
  CASE WHEN listed.last_household_id <> listed.household_id THEN '一人在几户' WHEN listed.active_count > 1 THEN '同户重复登记' END AS clue_reason,
  listed.active_count AS person_row_count
FROM listed
LEFT JOIN core.citizen_mark AS mark ON mark.citizen_key = listed.person_key
