-- R04 收入骤减
-- 人均纯收入或者务工收入比上年减少三成以上的农村户。
-- 政策依据: 中农组发〔2021〕7号 “收入大幅缩减”；国开发〔2020〕6号。
-- Severity: 橙
-- Owner: 乡镇
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: family（建档户为共同生活户，其他人为户口簿户）
-- Scope: family_key = subject
-- Parameters: INCOME_DROP
-- Feeds: registry_household, registry_person, employment
-- Undone by: registry_household, employment
-- Inputs: core.registry_household_now, core.registry_household, core.earner, core.member, ref.parameter, ref.run.
-- Limits: 人均纯收入与一年以前有效的登记比；务工收入为就业名册的近十二个整月与再前十二个整月比，再前十二个月没有工资的不比。恰好减少三成即命中。
--   建档户没有上年登记的，务工收入没有骤减也无法判定；没有建档的户只有务工收入可比，只判上年有工资的。工资不详的不比。
-- Tie-breaks: 一年以前的登记取有效期包含那一天的一行，history has one per household and day.
WITH parameter AS (
  SELECT max(CASE WHEN parameter.code = 'INCOME_DROP' THEN parameter.value END) AS drop_limit
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
wage AS (
  SELECT
    member.family_key,
    max(member.household_id) AS household_id,
    min(member.village_code) AS village_code,
    min(member.person_key) AS person_key,
    sum(earner.wage_yuan) AS wage_yuan,
    sum(earner.prior_wage_yuan) AS prior_wage_yuan,
    count(*) FILTER (WHERE NOT earner.is_wage_known) AS unknown_wage_count
  FROM core.earner AS earner
  INNER JOIN core.member AS member ON member.person_key = earner.person_key
  WHERE member.is_rural OR member.is_registered
  GROUP BY member.family_key
),
prior_income AS (
  SELECT household.household_id, max(household.net_income_per_head_yuan) AS prior_income_per_head_yuan
  FROM core.registry_household AS household
  CROSS JOIN ref.run
  WHERE
    household.recorded_to = TIMESTAMP '9999-12-31 00:00:00'
    AND household.valid_from <= run.as_of - INTERVAL 1 YEAR AND household.valid_to > run.as_of - INTERVAL 1 YEAR
  GROUP BY household.household_id
),
family AS (
  SELECT
    'R' || household.household_id AS family_key, household.household_id, household.village_code, household.person_key,
    household.net_income_per_head_yuan
  FROM core.registry_household_now AS household
  UNION ALL
  SELECT family_key, household_id, village_code, person_key, CAST(NULL AS DECIMAL(18, 2)) AS net_income_per_head_yuan
  FROM wage
  WHERE household_id IS NULL AND prior_wage_yuan > 0
),
compared AS (
  SELECT
    family.family_key, family.household_id, family.village_code, family.person_key, family.net_income_per_head_yuan,
    prior_income.prior_income_per_head_yuan,
    wage.wage_yuan,
    wage.prior_wage_yuan,
    CASE
      WHEN prior_income.prior_income_per_head_yuan > 0
        THEN family.net_income_per_head_yuan <= (1 - parameter.drop_limit) * prior_income.prior_income_per_head_yuan
    END AS is_income_down,
    CASE
      WHEN coalesce(wage.unknown_wage_count, 0) = 0 AND wage.prior_wage_yuan > 0
        THEN wage.wage_yuan <= (1 - parameter.drop_limit) * wage.prior_wage_yuan
    END AS is_wage_down
  FROM family
  CROSS JOIN parameter
  LEFT JOIN prior_income ON prior_income.household_id = family.household_id
  LEFT JOIN wage ON wage.family_key = family.family_key
)
SELECT
  family_key AS subject,
  person_key,
  household_id,
  village_code,
  CASE
    WHEN coalesce(is_income_down, FALSE) OR coalesce(is_wage_down, FALSE) THEN '命中'
    WHEN household_id IS NOT NULL AND is_income_down IS NULL THEN '无法判定'
    WHEN household_id IS NULL AND is_wage_down IS NULL THEN '无法判定'
    ELSE '未命中'
  END AS verdict,
  concat_ws('、', CASE WHEN is_income_down THEN '人均纯收入骤减' END, CASE WHEN is_wage_down THEN '务工收入骤减' END) AS clue_reason,
  net_income_per_head_yuan,
  prior_income_per_head_yuan,
  CAST(wage_yuan AS DECIMAL(18, 2)) AS wage_yuan,
  CAST(prior_wage_yuan AS DECIMAL(18, 2)) AS prior_wage_yuan
FROM compared
