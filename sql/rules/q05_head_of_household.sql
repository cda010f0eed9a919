-- Q05 户主异常
-- 一户没有户主或者有两个以上户主的，或者配偶与户主性别相同的。
-- 政策依据: 《建档立卡动态管理办法》：每户登记一名户主，成员登记与户主关系；《民法典》第一千零四十六条（2021 年以前为《婚姻法》第五条）。
-- Severity: 黄
-- Owner: 乡镇
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: household（建档立卡共同生活户）
-- Scope: household_id = subject
-- Parameters: none
-- Feeds: registry_household, registry_person
-- Undone by: registry_household, registry_person
-- Inputs: core.registry_household_now, core.registry_person_now, ref.feed_state.
-- Limits: 同一个人登记了两次的算一个（Q04）。名单里没有一个成员、两份名单的数据
--   日期又不同的，无法判定。户主或配偶的性别没有填（未知、未说明）的，无法判定。
-- Tie-breaks: none (counts only).
WITH ready AS (
  SELECT count(DISTINCT last_as_of) <= 1 AS is_same_day
  FROM ref.feed_state
  WHERE feed IN ('registry_household', 'registry_person')
),
person AS (
  SELECT
    household_id, person_key,
    bool_or(relation_code = '01') AS is_head,
    bool_or(relation_code = '02') AS is_spouse,
    max(CASE WHEN sex_code IN ('1', '2') THEN sex_code END) AS sex_code
  FROM core.registry_person_now
  WHERE person_key IS NOT NULL
  GROUP BY household_id, person_key
),
counted AS (
  SELECT
    household_id,
    count(*) AS person_count,
    count(*) FILTER (WHERE is_head) AS head_count,
    count(*) FILTER (WHERE is_spouse AND NOT is_head) AS spouse_count,
    count(DISTINCT sex_code) FILTER (WHERE is_head OR is_spouse) AS sex_count,
    min(sex_code) FILTER (WHERE is_head) AS head_sex_code,
    count(*) FILTER (WHERE is_spouse AND NOT is_head AND sex_code = '1') AS male_spouse_count,
    count(*) FILTER (WHERE is_spouse AND NOT is_head AND sex_code = '2') AS female_spouse_count
  FROM person
  GROUP BY household_id
),
looked_at AS (
  SELECT
    household.household_id, household.person_key, household.village_code,
    coalesce(counted.person_count, 0) AS person_count,
    coalesce(counted.head_count, 0) AS head_count,
    coalesce(counted.spouse_count, 0) AS spouse_count,
    coalesce(counted.male_spouse_count, 0) + coalesce(counted.female_spouse_count, 0) AS known_spouse_count,
    counted.head_sex_code,
    counted.head_count = 1
    AND CASE counted.head_sex_code WHEN '1' THEN counted.male_spouse_count > 0 WHEN '2' THEN counted.female_spouse_count > 0 ELSE FALSE END AS is_same_sex
  FROM core.registry_household_now AS household
  LEFT JOIN counted ON counted.household_id = household.household_id
)
SELECT
  looked_at.household_id AS subject,
  looked_at.person_key,
  looked_at.household_id,
  looked_at.village_code,
  CASE
    WHEN looked_at.head_count > 1 OR looked_at.is_same_sex THEN '命中'
    WHEN looked_at.head_count = 0 AND looked_at.person_count = 0 AND NOT ready.is_same_day THEN '无法判定'
    WHEN looked_at.head_count = 0 THEN '命中'
    WHEN looked_at.spouse_count > 0 AND (looked_at.head_sex_code IS NULL OR looked_at.known_spouse_count < looked_at.spouse_count) THEN '无法判定'
    ELSE '未命中'
  END AS verdict,
  concat_ws(
    '、',
    CASE WHEN looked_at.head_count = 0 THEN '没有户主' WHEN looked_at.head_count > 1 THEN '户主不止一人' END,
    CASE WHEN looked_at.is_same_sex THEN '配偶与户主性别相同' END
  ) AS clue_reason,
  looked_at.head_count AS household_head_count,
  looked_at.spouse_count AS household_spouse_count
FROM looked_at
CROSS JOIN ready
