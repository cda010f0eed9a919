-- X01 家有财政供养人员
-- 建档立卡户的共同生活成员是财政供养人员（在职或离退休）的。
-- 政策依据: 建档立卡错评剔除“十原则”；北委发〔2019〕5号 三(一)1 精准识别、动态管理。
-- Severity: 红
-- Owner: 乡镇
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: household（建档立卡共同生活户）
-- Scope: household_id = subject
-- Parameters: none
-- Feeds: public_payroll, registry_household, registry_person
-- Undone by: registry_household
-- Inputs: core.public_payroll_now, core.member, core.registry_household_now.
-- Limits: 行政、事业、参公、工勤编制的在职和离退休人员算；编外、公益性岗位、调出离职的不算；编制不详或其他的无法判定。没有填人员状态的按在职。
--   只看建档立卡共同生活成员，分户另过的子女不算。命中只是核查理由：公布过的一例中七成经核实予以保留。person_key 为命中的成员。
-- Tie-breaks: 几名成员命中时 person_key 取键最小的。
WITH paid AS (
  SELECT
    member.household_id,
    count(DISTINCT CASE WHEN payroll.establishment_code IN ('1', '2', '3', '4') THEN member.person_key END) AS payroll_person_count,
    count(DISTINCT CASE WHEN coalesce(payroll.establishment_code, '9') = '9' THEN member.person_key END) AS unclear_person_count,
    min(CASE WHEN payroll.establishment_code IN ('1', '2', '3', '4') THEN member.person_key END) AS payroll_person_key,
    max(CASE WHEN payroll.establishment_code IN ('1', '2', '3', '4') THEN payroll.monthly_wage_yuan END) AS payroll_wage_yuan
  FROM core.public_payroll_now AS payroll
  INNER JOIN core.member AS member ON member.person_key = payroll.person_key
  WHERE member.is_registered AND NOT member.is_deceased AND coalesce(payroll.status_code, '1') IN ('1', '2')
  GROUP BY member.household_id
)
SELECT
  household.household_id AS subject,
  coalesce(paid.payroll_person_key, household.person_key) AS person_key,
  household.household_id,
  household.village_code,
  CASE
    WHEN paid.payroll_person_count > 0 THEN '命中'
    WHEN paid.unclear_person_count > 0 THEN '无法判定'
    ELSE '未命中'
  END AS verdict,
  '家有财政供养人员' AS clue_reason,
  coalesce(paid.payroll_person_count, 0) AS payroll_person_count,
  paid.payroll_wage_yuan
FROM core.registry_household_now AS household
LEFT JOIN paid ON paid.household_id = household.household_id
