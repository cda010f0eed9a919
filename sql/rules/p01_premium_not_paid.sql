-- P01 养老保险应代缴未代缴
-- 未脱贫、低保、特困和一二级残疾人员，16 至 59 周岁、不是学生、没有参加职工养老保险，而政府没有代缴当年城乡居民养老保险费的。
-- 政策依据: 人社部发〔2017〕59号；北委发〔2019〕5号 二(一)5、三(二)1。
-- Severity: 橙
-- Owner: renshe
-- Version: 1，2017-08-01 至 9999-12-31
-- Subject: person（应代缴人员）
-- Scope: person_key
-- Parameters: PENSION_JOIN_AGE, PENSION_AGE
-- Feeds: social_insurance, registry_person, registry_household, education_enrollment
-- Undone by: social_insurance, premium_subsidy, registry_household, registry_person, education_enrollment
-- Inputs: core.safety_net_person.
-- Limits: 代缴额取参保名单和代缴名单中大的一个，两处都没有数而代缴名单未到的无法判定；没有参保的即没有代缴。低保、特困、残疾人名单未到时只少查这些人。
--   在校生按学籍或建档登记的在校生状况，在外地就读而建档登记未更新的会误中。代缴多在下半年到账，年初的命中只是提前提醒。
-- Tie-breaks: none.
SELECT
  CAST(person.person_key AS VARCHAR) AS subject,
  person.person_key,
  person.household_id,
  person.village_code,
  CASE
    WHEN person.government_paid_yuan IS NULL THEN '无法判定'
    WHEN person.government_paid_yuan > 0 THEN '未命中'
    ELSE '命中'
  END AS verdict,
  '应代缴养老保险费而没有代缴' AS clue_reason,
  person.premium_category,
  person.age,
  person.government_paid_yuan
FROM core.safety_net_person AS person
WHERE person.is_premium_due
