-- P05 困难残疾人生活补贴漏发
-- 持有效残疾人证、在低保家庭受保，没有领到困难残疾人生活补贴的。
-- 政策依据: 国发〔2015〕52号 残疾人两项补贴；北委发〔2019〕5号 二(三)。
-- Severity: 橙
-- Owner: minzheng
-- Version: 1，2016-01-01 至 9999-12-31
-- Subject: person（持有效证的在保低保对象）
-- Scope: person_key
-- Parameters: none
-- Feeds: disability, subsistence_allowance, special_hardship
-- Undone by: disability
-- Inputs: core.safety_net_person.
-- Limits: 只看残联名单中的补贴，别处发放的看不到；残联全表没有一行填生活补贴的无法判定。特困人员、已死亡的不应发。单人保的只有受保的本人应发。
-- Tie-breaks: none.
SELECT
  CAST(person.person_key AS VARCHAR) AS subject,
  person.person_key,
  person.household_id,
  person.village_code,
  CASE
    WHEN person.living_subsidy_yuan IS NULL THEN '无法判定'
    WHEN person.living_subsidy_yuan > 0 THEN '未命中'
    ELSE '命中'
  END AS verdict,
  '低保残疾人没有领到生活补贴' AS clue_reason,
  person.disability_category_code,
  person.disability_grade_code
FROM core.safety_net_person AS person
WHERE person.is_living_due
