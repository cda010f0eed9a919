-- Q15 一号两人
-- 同一个证件号码在两个部门的名单里写着不同的姓名，出生日期或性别也不同，像是两个人用一个号码。
-- 政策依据: 《居民身份证法》一人一号；北委发〔2019〕5号 三(一)2 “规范信息采集、整理、反馈和发布工作”。
-- Severity: 橙
-- Owner: gongan
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: person（号码所属的人；不按户）
-- Scope: person_key
-- Parameters: none
-- Feeds: household_registration, registry_person|education_enrollment|education_case|death
-- Inputs: core.id_two_names, core.member.
-- Limits: 怎样算姓名不同见 core.id_two_names。只判有不同姓名的号码；姓名不同而出生日期、性别都相同的多半是写错，不命中。工程师已认定是同一人的不命中。
--   证据不写姓名和号码：户、村是号码在主干上的归属。
-- Tie-breaks: none.
SELECT
  CAST(shared.person_key AS VARCHAR) AS subject,
  shared.person_key,
  member.household_id,
  member.village_code,
  CASE WHEN shared.is_two_people THEN '命中' ELSE '未命中' END AS verdict,
  concat_ws(
    '、',
    CASE WHEN shared.is_birth_different THEN '姓名和出生日期不同' END,
    CASE WHEN shared.is_sex_different THEN '姓名和性别不同' END,
    CASE WHEN shared.is_decided_one_person THEN '已认定为同一人' END
  ) AS clue_reason,
  shared.lists AS differing_lists
FROM core.id_two_names AS shared
LEFT JOIN core.member AS member ON member.person_key = shared.person_key
