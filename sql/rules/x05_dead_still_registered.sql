-- X05 死亡未核减
-- 户籍、死亡证明或火化登记已死亡超过期限，仍在建档立卡人口名单中的。
-- 政策依据: 北委发〔2019〕5号 三(一)1 精准识别、动态管理（自然减少）；建档立卡错评剔除“十原则”。
-- Severity: 红
-- Owner: 乡镇
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: person（建档立卡人口）
-- Scope: person_key
-- Parameters: DEATH_GRACE_DAYS
-- Feeds: registry_person, household_registration|death|cremation
-- Undone by: registry_household, registry_person
-- Inputs: core.deceased, core.member, ref.parameter, ref.run.
-- Limits: 死亡日期取三处中最早的；知道已死亡而不知日期的无法判定。三处都没有的不算死亡，尚未报送的一处可能有。死亡以后仍在领取待遇的由 P04 查。
-- Tie-breaks: none.
WITH parameter AS (
  SELECT max(CASE WHEN parameter.code = 'DEATH_GRACE_DAYS' THEN parameter.value END) AS grace_days
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
)
SELECT
  CAST(member.person_key AS VARCHAR) AS subject,
  member.person_key,
  member.household_id,
  member.village_code,
  CASE
    WHEN deceased.person_key IS NULL THEN '未命中'
    WHEN deceased.death_date IS NULL THEN '无法判定'
    WHEN date_diff('day', deceased.death_date, run.as_of) > parameter.grace_days THEN '命中'
    ELSE '未命中'
  END AS verdict,
  '死亡超过期限，仍在建档名单' AS clue_reason,
  deceased.death_date,
  CAST(date_diff('day', deceased.death_date, run.as_of) AS BIGINT) AS days_since_death,
  deceased.death_source_count,
  deceased.is_death_on_register
FROM core.member AS member
CROSS JOIN ref.run AS run
CROSS JOIN parameter
LEFT JOIN core.deceased AS deceased ON deceased.person_key = member.person_key
WHERE member.is_registered
