-- Q06 家庭人口数不符
-- 登记的家庭人口数与名单里这一户的人数不同的。
-- 政策依据: 《建档立卡动态管理办法》：家庭人口自然增减当年更新；人均纯收入以家庭人口数为分母。
-- Severity: 黄
-- Owner: 乡镇
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: household（建档立卡共同生活户）
-- Scope: household_id = subject
-- Parameters: none
-- Feeds: registry_household, registry_person
-- Undone by: registry_household, registry_person
-- Inputs: core.registry_household_now, core.registry_person_now, ref.feed_state.
-- Limits: 人数 = 名单里这一户的不同的人，同一个人登记了两次的算一个（Q04）。
--   两份名单的数据日期不同的，不符的无法判定。
-- Tie-breaks: none (counts only).
WITH ready AS (
  SELECT count(DISTINCT last_as_of) <= 1 AS is_same_day
  FROM ref.feed_state
  WHERE feed IN ('registry_household', 'registry_person')
),
listed AS (
  SELECT household_id, count(DISTINCT person_key) AS person_count
  FROM core.registry_person_now
  WHERE person_key IS NOT NULL
  GROUP BY household_id
),
counted AS (
  SELECT
    household.household_id, household.person_key, household.village_code, household.member_count,
    coalesce(listed.person_count, 0) AS person_count
  FROM core.registry_household_now AS household
  LEFT JOIN listed ON listed.household_id = household.household_id
)
SELECT
  counted.household_id AS subject,
  counted.person_key,
  counted.household_id,
  counted.village_code,
  CASE
    WHEN counted.member_count IS NULL THEN '无法判定'
    WHEN counted.member_count = counted.person_count THEN '未命中'
    WHEN NOT ready.is_same_day THEN '无法判定'
    ELSE '命中'
  END AS verdict,
  CASE WHEN counted.person_count < counted.member_count THEN '名单人数少于登记' WHEN counted.person_count > counted.member_count THEN '名单人数多于登记' END
    AS clue_reason,
  counted.member_count,
  counted.person_count AS listed_member_count
FROM counted
CROSS JOIN ready
