-- core.member
-- 人与户：主干上的每个人归到一户，建档人口归建档立卡户，其他人归户口簿户，并带上规则常用的年龄、身份。
-- Grain: one row per person_key.
-- Scope: person_key
-- 政策依据: 北委发〔2019〕5号 三(一)1 动态管理：遗漏和返贫都以户为单位识别；domain 发现 8：户的口径必须写明。
-- Inputs: core.person, core.resident, core.registry_household_now, ref.poverty_status, ref.run.
-- Limits: family_key 以 R 开头的是建档立卡共同生活户，以 H 开头的是户口簿户；户口簿户只含没有建档的人，其中有建档亲属的 has_registered_kin
--   为真，这样的户不能当作整户遗漏。没有户号的人自成一户。年龄按运行日的周岁；出生日期不详时为空。
-- Tie-breaks: none; core.person has one row per person, core.resident too.
WITH kin AS (
  SELECT resident.hukou_no
  FROM core.resident AS resident
  INNER JOIN core.person AS person ON person.person_key = resident.person_key
  WHERE person.is_registered AND resident.hukou_no IS NOT NULL
  GROUP BY resident.hukou_no
)
SELECT
  person.person_key,
  CASE
    WHEN person.is_registered THEN 'R' || person.household_id
    WHEN resident.hukou_no IS NOT NULL THEN 'H' || resident.hukou_no
    ELSE 'P' || CAST(person.person_key AS VARCHAR)
  END AS family_key,
  CASE WHEN person.is_registered THEN '建档立卡户' ELSE '户口簿户' END AS family_kind,
  person.household_id,
  person.person_id,
  resident.hukou_no,
  person.village_code,
  person.sex_code,
  person.birth_date,
  extract(YEAR FROM run.as_of) - extract(YEAR FROM person.birth_date)
  - CASE
    WHEN extract(MONTH FROM run.as_of) * 100 + extract(DAY FROM run.as_of)
      < extract(MONTH FROM person.birth_date) * 100 + extract(DAY FROM person.birth_date) THEN 1
    ELSE 0
  END AS age,
  person.is_registered,
  poverty_status.is_poor,
  household.poverty_status_code,
  person.is_rural,
  person.is_on_register,
  person.is_deceased,
  kin.hukou_no IS NOT NULL AS has_registered_kin
FROM core.person AS person
CROSS JOIN ref.run AS run
LEFT JOIN core.resident AS resident ON resident.person_key = person.person_key
LEFT JOIN kin ON kin.hukou_no = resident.hukou_no
LEFT JOIN core.registry_household_now AS household ON household.household_id = person.household_id
LEFT JOIN ref.poverty_status AS poverty_status ON poverty_status.poverty_status_code = household.poverty_status_code
