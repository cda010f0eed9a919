-- P02 养老保险不应代缴已代缴
-- 政府代缴了当年养老保险费，而本人已参加职工养老保险、已满 60 周岁、在校、死亡或不是代缴对象的。
-- 政策依据: 人社部发〔2017〕59号；北委发〔2019〕5号 二(一)5、三(二)1。
-- Severity: 黄
-- Owner: renshe
-- Version: 1，2017-08-01 至 9999-12-31
-- Subject: person（政府代缴了当年保费的人）
-- Scope: person_key
-- Parameters: PENSION_JOIN_AGE, PENSION_AGE
-- Feeds: social_insurance|premium_subsidy, household_registration, registry_person, registry_household, subsistence_allowance, special_hardship, disability
-- Undone by: registry_household, registry_person, subsistence_allowance, special_hardship, disability
-- Inputs: core.safety_net_person.
-- Limits: 当年满 60 周岁的，满以前可以代缴，不算错；当年以前已满的才算。当年死亡、当年脱贫的不算错。不在户籍和建档名单中的人出生日期不详，只能按其余各条判断。
--   理由有几条的只列第一条。
-- Tie-breaks: 理由依次为死亡、职工参保、满 60、在校、未满 16、不是代缴对象。
SELECT
  CAST(person.person_key AS VARCHAR) AS subject,
  person.person_key,
  person.household_id,
  person.village_code,
  CASE WHEN person.premium_fault IS NOT NULL THEN '命中' ELSE '未命中' END AS verdict,
  coalesce(person.premium_fault, '代缴无误') AS clue_reason,
  person.premium_category,
  person.age,
  person.government_paid_yuan
FROM core.safety_net_person AS person
WHERE person.government_paid_yuan > 0
