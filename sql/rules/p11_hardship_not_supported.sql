-- P11 特困应纳未纳
-- 一户一人、年满 60 或未满 16 周岁或残疾，户口簿上没有别人、没有配偶、没有收入来源，没有纳入特困供养的。
-- 政策依据: 国发〔2016〕14号 特困人员救助供养；北委发〔2019〕5号 二(一)5。
-- Severity: 橙
-- Owner: minzheng
-- Version: 1，2016-02-10 至 9999-12-31
-- Subject: person（一户一人的建档立卡人口，老年人、未成年人、残疾人）
-- Scope: person_key
-- Parameters: none
-- Feeds: registry_household, registry_person, household_registration, special_hardship
-- Undone by: special_hardship
-- Inputs: core.safety_net_person, core.member, core.registry_household_now, core.household_registration_now.
-- Limits: 没有收入 = 建档登记的工资、经营、财产性收入都为零，有一项没有填的无法判定；低保金、养老金、补贴不算收入来源。有没有赡养、抚养义务人只能看
--   户口簿和婚姻状况，分户另过的子女看不到，须入户核查。户籍在外地的无法判定。残疾人名单未到时只查老年人和未成年人。
-- Tie-breaks: none.
WITH alone AS (
  SELECT household_id
  FROM core.member
  WHERE is_registered AND NOT is_deceased
  GROUP BY household_id
  HAVING count(*) = 1
),
candidate AS (
  SELECT person.person_key, person.household_id, person.village_code, person.age, person.is_certified, person.is_hardship
  FROM core.safety_net_person AS person
  INNER JOIN alone ON alone.household_id = person.household_id
  WHERE person.is_registered AND NOT person.is_dead AND (person.age >= 60 OR person.age < 16 OR person.is_certified)
),
registered AS (
  SELECT candidate.person_key, registration.hukou_no, registration.marriage_code
  FROM candidate
  INNER JOIN core.household_registration_now AS registration ON registration.person_key = candidate.person_key
),
kin AS (
  SELECT registered.person_key, count(*) AS kin_count
  FROM registered
  INNER JOIN core.member AS member ON member.hukou_no = registered.hukou_no
  WHERE member.person_key <> registered.person_key AND member.is_on_register
  GROUP BY registered.person_key
),
judged AS (
  SELECT
    candidate.person_key, candidate.household_id, candidate.village_code, candidate.age, candidate.is_certified, candidate.is_hardship,
    registered.person_key IS NOT NULL AS has_registration,
    coalesce(kin.kin_count, 0) AS kin_count,
    coalesce(registered.marriage_code IN ('20', '21', '22', '23'), FALSE) AS is_married,
    household.wage_income_yuan + household.business_income_yuan + household.property_income_yuan AS own_income_yuan
  FROM candidate
  INNER JOIN core.registry_household_now AS household ON household.household_id = candidate.household_id
  LEFT JOIN registered ON registered.person_key = candidate.person_key
  LEFT JOIN kin ON kin.person_key = candidate.person_key
)
SELECT
  CAST(person_key AS VARCHAR) AS subject,
  person_key,
  household_id,
  village_code,
  CASE
    WHEN is_hardship OR own_income_yuan > 0 OR kin_count > 0 OR is_married THEN '未命中'
    WHEN NOT has_registration OR own_income_yuan IS NULL THEN '无法判定'
    ELSE '命中'
  END AS verdict,
  '一人一户，没有收入和供养人，没有纳入特困' AS clue_reason,
  age,
  is_certified,
  kin_count,
  CAST(own_income_yuan AS DECIMAL(18, 2)) AS own_income_yuan
FROM judged
