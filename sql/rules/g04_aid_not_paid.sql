-- G04 资助应享未享
-- 建档立卡在校学生，应享的资助在本学期一项也没有发，或者发得低于标准的。
-- 政策依据: 财科教〔2019〕19号 学生资助资金管理办法；北委发〔2019〕5号 二(一)2 “应扶尽扶、应补则补”。
-- Severity: 橙
-- Owner: jiaoyu
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: person（户内成员，按人判断）
-- Scope: person_key
-- Parameters: AID_DUE_DAYS
-- Feeds: education_enrollment, education_aid, registry_person, registry_household
-- Undone by: education_aid
-- Inputs: core.pupil_aid.
-- Limits: 学期、学段和标准怎样取见 core.pupil_aid。恰好等于标准的不算低。同一学段有几项资助的，发了任何一项而且不低于标准即不命中。
--   整个学期没有资助数据的一律无法判定，不是全部未享。
-- Tie-breaks: none.
SELECT
  CAST(pupil.person_key AS VARCHAR) AS subject,
  pupil.person_key,
  pupil.household_id,
  pupil.village_code,
  CASE
    WHEN pupil.aid_basis IN ('本学期资助数据未到', '就读方式不详') THEN '无法判定'
    WHEN pupil.aid_basis IN ('未发放', '低于标准') THEN '命中'
    ELSE '未命中'
  END AS verdict,
  pupil.term_code,
  pupil.stage_code,
  pupil.boarding_code,
  pupil.aid_kind_due_count,
  pupil.aid_kind_paid_count,
  pupil.aid_standard_yuan,
  pupil.aid_paid_yuan,
  pupil.aid_basis
FROM core.pupil_aid AS pupil
