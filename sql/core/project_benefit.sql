-- core.project_benefit
-- 项目受益：受益名单的每一条，受益人是不是建档立卡人口、属于哪一户，是不是到户的钱物。
-- Grain: one row per project, person, way and day.
-- Scope: person_key
-- 政策依据: 北委发〔2019〕5号 三(二)1 “到户到人的资金落到实处”。
-- Inputs: core.project_beneficiary_now, core.member, core.registry_household_now, core.registry_person.
-- Limits: 受益人在册的归其所在建档户，不在册的按名单上的户编号归户（户编号要查得到）。以前在册、现在已经移出的（死亡、迁出等）was_registered
--   为真，不能说当时不是建档户。到户的钱物：资金、实物、分红。
-- Tie-breaks: none; the key is unique.
WITH former AS (
  SELECT person_key
  FROM core.registry_person
  WHERE recorded_to = TIMESTAMP '9999-12-31 00:00:00' AND valid_to < DATE '9999-12-31' AND person_key IS NOT NULL
  GROUP BY person_key
),
listed AS (
  SELECT
    benefit.project_no, benefit.person_key, benefit.name, benefit.household_id AS stated_household_id, benefit.benefit_way_code, benefit.benefit_yuan,
    benefit.benefit_date, member.household_id AS own_household_id, member.village_code, coalesce(member.is_registered, FALSE) AS is_registered,
    former.person_key IS NOT NULL AS was_registered
  FROM core.project_beneficiary_now AS benefit
  LEFT JOIN core.member AS member ON member.person_key = benefit.person_key
  LEFT JOIN former ON former.person_key = benefit.person_key
)
SELECT
  listed.project_no,
  listed.person_key,
  listed.name,
  coalesce(listed.own_household_id, household.household_id) AS household_id,
  coalesce(listed.village_code, household.village_code) AS village_code,
  listed.benefit_way_code,
  listed.benefit_date,
  CAST(listed.benefit_yuan AS DECIMAL(18, 2)) AS benefit_yuan,
  listed.benefit_way_code IN ('1', '2', '3') AS is_household_good,
  listed.is_registered,
  listed.was_registered
FROM listed
LEFT JOIN core.registry_household_now AS household
  ON household.household_id = CASE WHEN listed.own_household_id IS NULL THEN listed.stated_household_id END
