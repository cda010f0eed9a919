-- N01 低保户未建档（双向纳入）
-- 农村低保户没有一个成员建档立卡，而收入低于国家扶贫标准的。
-- 政策依据: 北委发〔2019〕5号 二(一)5 “双向纳入，应保尽保，应扶尽扶”；国开办发〔2017〕农村低保与扶贫开发衔接。
-- Severity: 橙
-- Owner: fupinban
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: allowance（低保证上的保障家庭）
-- Parameters: LINE_NAT_WORK
-- Feeds: subsistence_allowance, registry_person, household_registration
-- Undone by: registry_household, registry_person
-- Inputs: core.subsistence_allowance_now, core.member, core.family_income, ref.parameter, ref.run.
-- Limits: 收入用民政核定的月人均收入乘十二（不含低保金：补差以后必然达到低保标准，比较没有意义）；没有核定收入的用部门可见的人均收入（也不含
--   低保金），低于标准即命中，因为已经民政核查。低保户中有人建档的不命中：漏掉的成员由 N09 查。户籍上已死亡、迁出的成员不算；
--   没有在册农村成员的低保户不判。person_key 为户口簿户主。
-- Tie-breaks: 一证几户时取键最小的户。
WITH parameter AS (
  SELECT max(CASE WHEN parameter.code = 'LINE_NAT_WORK' THEN parameter.value END) AS national_line
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
covered AS (
  SELECT
    allowance.allowance_no,
    min(CASE WHEN NOT member.is_registered THEN member.family_key END) AS family_key,
    min(member.household_id) AS household_id,
    min(member.village_code) AS village_code,
    min(allowance.person_key) AS person_key,
    count(*) AS allowance_person_count,
    count(*) FILTER (WHERE member.is_registered) AS registered_member_count,
    12 * min(allowance.monthly_income_per_head_yuan) AS means_tested_income_yuan
  FROM core.subsistence_allowance_now AS allowance
  INNER JOIN core.member AS member ON member.person_key = allowance.person_key
  WHERE
    allowance.benefit_stop_month IS NULL AND allowance.rural_urban_code = '1' AND NOT member.is_deceased
    AND (member.is_registered OR member.is_on_register)
  GROUP BY allowance.allowance_no
),
judged AS (
  SELECT
    covered.*,
    coalesce(family.head_person_key, covered.person_key) AS head_person_key,
    coalesce(family.village_code, covered.village_code) AS home_village_code,
    CAST(coalesce(covered.means_tested_income_yuan, family.unassisted_income_per_head_yuan) AS DECIMAL(18, 2)) AS income_per_head_yuan
  FROM covered
  LEFT JOIN core.family_income AS family ON family.family_key = coalesce(covered.family_key, 'R' || covered.household_id)
)
SELECT
  judged.allowance_no AS subject,
  judged.head_person_key AS person_key,
  judged.household_id,
  judged.home_village_code AS village_code,
  CASE
    WHEN judged.registered_member_count > 0 THEN '未命中'
    WHEN judged.income_per_head_yuan IS NULL THEN '无法判定'
    WHEN judged.income_per_head_yuan < parameter.national_line THEN '命中'
    ELSE '未命中'
  END AS verdict,
  '低保户未建档，收入低于扶贫标准' AS clue_reason,
  judged.allowance_person_count,
  judged.registered_member_count,
  judged.income_per_head_yuan,
  CASE WHEN judged.means_tested_income_yuan IS NULL THEN '部门可见收入' ELSE '民政核定收入' END AS income_basis,
  parameter.national_line
FROM judged
CROSS JOIN parameter
