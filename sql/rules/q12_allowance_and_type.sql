-- Q12 低保与特困、户类型矛盾
-- 建档立卡户有人同时领低保金和特困供养金，或者登记的户类型不是低保户而有人在领低保金。
-- 政策依据: 《社会救助暂行办法》（国务院令第649号）；国发〔2016〕14号 纳入特困供养的不再享受低保；建档立卡数据质量核查项（低保金、五保金与户类型）。
-- Severity: 黄
-- Owner: minzheng
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: household（建档立卡共同生活户）
-- Scope: household_id = subject
-- Parameters: none
-- Feeds: registry_household, registry_person, subsistence_allowance, special_hardship
-- Undone by: registry_household, subsistence_allowance, special_hardship
-- Inputs: core.registry_household_now, core.safety_net_person.
-- Limits: 低保金、供养金以民政名单上运行月仍在保的为准。户类型为“低保户”“低保贫困户”的算低保户。一户里有人领低保、另外的人特困供养的不算同时领取。
--   户类型为空而有人领低保的无法判定。登记为低保户而没有人领的由 N02、P11 等查。已死亡仍在领的由 P04 查，不在这里算。
-- Tie-breaks: none (counts only).
WITH supported AS (
  SELECT
    household_id,
    count(*) FILTER (WHERE allowance_count > 0) AS allowance_member_count,
    count(*) FILTER (WHERE allowance_count > 0 AND is_hardship) AS twice_supported_count
  FROM core.safety_net_person
  WHERE is_registered AND NOT is_dead
  GROUP BY household_id
),
compared AS (
  SELECT
    household.household_id, household.person_key, household.village_code, household.household_type_code,
    coalesce(supported.allowance_member_count, 0) AS allowance_member_count,
    coalesce(supported.twice_supported_count, 0) AS twice_supported_count,
    CASE WHEN supported.twice_supported_count > 0 THEN '同时领低保金和特困供养金' END AS twice_reason,
    CASE WHEN supported.allowance_member_count > 0 AND household.household_type_code NOT IN ('02', '04') THEN '不是低保户而领低保金' END AS type_reason
  FROM core.registry_household_now AS household
  LEFT JOIN supported ON supported.household_id = household.household_id
)
SELECT
  household_id AS subject,
  person_key,
  household_id,
  village_code,
  CASE
    WHEN twice_reason IS NOT NULL OR type_reason IS NOT NULL THEN '命中'
    WHEN allowance_member_count > 0 AND household_type_code IS NULL THEN '无法判定'
    ELSE '未命中'
  END AS verdict,
  concat_ws('、', twice_reason, type_reason) AS clue_reason,
  household_type_code,
  allowance_member_count,
  twice_supported_count
FROM compared
