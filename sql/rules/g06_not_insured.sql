-- G06 基本医疗未参保
-- 建档立卡人口本年度没有正常参加居民或职工基本医疗保险的。
-- 政策依据: 北委发〔2019〕5号 二(一)3 基本医疗保险应保尽保；国家脱贫攻坚普查公报（新生儿等正在办理、参军的除外）。
-- Severity: 红
-- Owner: yibao
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: person（户内成员，按人判断）
-- Scope: person_key
-- Parameters: NEWBORN_DAYS
-- Feeds: health_insurance, registry_person, registry_household, household_registration
-- Undone by: health_insurance
-- Inputs: mart.person_status.
-- Limits: 出生 90 天以内（含）的新生儿、登记为现役军人的、户籍登记已死亡的不算。整份名单没有本年度的行时无法判定。在外地参保的本县查不到，会命中，核查时须看外地参保凭证。
--   大病保险、补充保险不算基本医疗。
-- Tie-breaks: none.
SELECT
  CAST(person.person_key AS VARCHAR) AS subject,
  person.person_key,
  person.household_id,
  person.village_code,
  CASE
    WHEN person.health_insurance_state = '无' THEN '命中'
    WHEN person.health_insurance_state = '无法判定' THEN '无法判定'
    WHEN person.health_insurance_state = '参数缺失' THEN '参数缺失'
    ELSE '未命中'
  END AS verdict,
  person.health_insurance_basis,
  person.age_band
FROM mart.person_status AS person
WHERE NOT person.is_deceased
