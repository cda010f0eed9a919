-- core.registry_number
-- 建档人口的证件号码说了什么：每行是哪种号码、号码里的出生日期和性别，没有号码本身。
-- Grain: one row per registry number of a person (person_id).
-- Scope: person_key
-- 政策依据: GB 11643-1999 公民身份号码；北委发〔2019〕5号 三(一)2 “规范信息采集、整理、反馈和发布工作”。
-- Inputs: core.registry_person, core.registry_person_now, core.citizen_mark, core.registry_household_now.
-- Limits: 号码是这一行自己的，person_key 是它所说的人（换过号、两人同号的，经认定以后两者不同）。number_shape 为 id18、id15、cert20（残疾人证）、none
--   （没有填）；名单没有证件号码这一列的为空。写错的号码退回时已经告诉部门，不在这里。
-- Tie-breaks: none; the registry's own number is the key of both lists.
WITH own AS (
  SELECT person_id, household_id, person_key AS citizen_key
  FROM core.registry_person
  WHERE recorded_to = TIMESTAMP '9999-12-31 00:00:00' AND valid_to = DATE '9999-12-31'
)
SELECT
  person.person_id,
  person.person_key,
  person.household_id,
  household.village_code,
  person.id_type_code,
  person.link_method AS number_shape,
  person.birth_date,
  person.sex_code,
  mark.citizen_key IS NOT NULL AS has_number,
  mark.id_birth_date,
  mark.id_sex_code,
  mark.id_has_province
FROM core.registry_person_now AS person
INNER JOIN own ON own.person_id = person.person_id AND own.household_id = person.household_id
LEFT JOIN core.citizen_mark AS mark ON mark.citizen_key = own.citizen_key
LEFT JOIN core.registry_household_now AS household ON household.household_id = person.household_id
WHERE person.person_key IS NOT NULL
