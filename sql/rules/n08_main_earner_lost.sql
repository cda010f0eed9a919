-- N08 主要劳动力死亡或失业
-- 工资占全家一半以上的成员死亡，或者连续六个月没有工作的农村户。
-- 政策依据: 国开发〔2020〕6号 因务工就业不稳、意外事故返贫致贫的预警；北委发〔2019〕5号 二(一)6。
-- Severity: 橙
-- Owner: 乡镇
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: family（建档户为共同生活户，其他人为户口簿户；仍贫困的户除外）
-- Scope: family_key = subject
-- Parameters: IDLE_MONTHS, MAIN_EARNER_SHARE
-- Feeds: employment, household_registration, registry_person, registry_household
-- May use: cremation, death
-- Undone by: registry_person, employment
-- Inputs: core.earner, core.member, core.death_now, core.cremation_now, core.registry_household_now, ref.parameter, ref.run.
-- Limits: 工资为近十八个整月之内的（停工半年的人还有一年的工资可比）；占比超过一半才是主要劳动力，恰好一半不是。死亡以户籍、死亡证明、火化三者
--   任一为准。未脱贫、返贫户已在册，不在其中。有成员工资不详而没有人死亡、停工的不命中，有人死亡、停工的无法判定。
-- Tie-breaks: none; at most one member has more than half.
WITH parameter AS (
  SELECT
    max(CASE WHEN parameter.code = 'IDLE_MONTHS' THEN parameter.value END) AS idle_limit,
    max(CASE WHEN parameter.code = 'MAIN_EARNER_SHARE' THEN parameter.value END) AS share_limit
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
dead AS (
  SELECT person_key FROM core.death_now WHERE person_key IS NOT NULL
  UNION
  SELECT person_key FROM core.cremation_now WHERE person_key IS NOT NULL
),
earning AS (
  SELECT
    member.family_key, member.household_id, member.village_code, member.is_registered,
    earner.person_key, earner.late_wage_yuan, earner.is_wage_known, earner.idle_months,
    member.is_deceased OR dead.person_key IS NOT NULL AS is_dead,
    coalesce(member.is_poor, FALSE) AS is_poor
  FROM core.earner AS earner
  INNER JOIN core.member AS member ON member.person_key = earner.person_key
  LEFT JOIN dead ON dead.person_key = earner.person_key
  WHERE (member.is_rural OR member.is_registered) AND (earner.late_wage_yuan > 0 OR NOT earner.is_wage_known)
),
family AS (
  SELECT
    earning.family_key,
    max(earning.household_id) AS household_id,
    min(earning.village_code) AS village_code,
    min(earning.person_key) AS person_key,
    sum(earning.late_wage_yuan) AS late_wage_yuan,
    max(CASE WHEN earning.is_dead OR earning.idle_months >= parameter.idle_limit THEN earning.late_wage_yuan END) AS lost_wage_yuan,
    count(*) FILTER (WHERE NOT earning.is_wage_known) AS unknown_wage_count
  FROM earning
  CROSS JOIN parameter
  WHERE NOT earning.is_poor
  GROUP BY earning.family_key
),
lost AS (
  SELECT family.family_key, min(earning.person_key) AS person_key, bool_or(earning.is_dead) AS is_dead, max(earning.idle_months) AS idle_months
  FROM family
  INNER JOIN earning ON earning.family_key = family.family_key
  CROSS JOIN parameter
  WHERE earning.late_wage_yuan = family.lost_wage_yuan AND (earning.is_dead OR earning.idle_months >= parameter.idle_limit)
  GROUP BY family.family_key
)
SELECT
  family.family_key AS subject,
  coalesce(lost.person_key, household.person_key, family.person_key) AS person_key,
  family.household_id,
  family.village_code,
  CASE
    WHEN lost.family_key IS NULL THEN '未命中'
    WHEN family.unknown_wage_count > 0 THEN '无法判定'
    WHEN family.lost_wage_yuan > parameter.share_limit * family.late_wage_yuan THEN '命中'
    ELSE '未命中'
  END AS verdict,
  CASE WHEN lost.is_dead THEN '主要劳动力死亡' ELSE '主要劳动力六个月以上没有工作' END AS clue_reason,
  CASE WHEN lost.is_dead THEN '死亡' WHEN lost.family_key IS NOT NULL THEN '停工' END AS loss_kind,
  lost.idle_months,
  CAST(family.lost_wage_yuan AS DECIMAL(18, 2)) AS lost_wage_yuan,
  CAST(family.late_wage_yuan AS DECIMAL(18, 2)) AS late_wage_yuan
FROM family
CROSS JOIN parameter
LEFT JOIN lost ON lost.family_key = family.family_key
LEFT JOIN core.registry_household_now AS household ON household.household_id = family.household_id
