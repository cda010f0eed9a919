-- core.person
-- 人员主干：建档立卡人口与户籍人口合并后每人一行，其他各表都按 person_key 连到这里。
-- Grain: one row per person_key.
-- Scope: person_key
-- Kept as: view (a join of two lists that are stored already; storing it again would cost more than every mart together).
-- 政策依据: 北委发〔2019〕5号 三(一)2 “户籍、教育、健康…等信息与贫困人口建档立卡信息有效对接”。
-- Inputs: core.registry_person_now, core.registry_household_now, core.resident.
-- Limits: 没有可用证件号码的建档人口也有 person_key（由人编号得出），但连不上户籍，故 is_on_register 为假。只在建档名单中的人
--   按农村人口计，但不在 core.resident 里，因此不进贫困发生率的分母。
-- Tie-breaks: 登记信息以建档立卡为准（户编号、村、性别、出生日期），空缺的由户籍补。同一人有几行建档记录时，先取所在户仍在册的，
--   再取户编号最小、人编号最小的一行（人编号是主键，不会再相同）。core.resident 每人只有一行。
WITH listed AS (
  SELECT
    person.person_key, person.person_id, person.household_id, household.village_code, person.sex_code, person.birth_date,
    household.household_id IS NULL AS is_homeless
  FROM core.registry_person_now AS person
  LEFT JOIN core.registry_household_now AS household ON household.household_id = person.household_id
  WHERE person.person_key IS NOT NULL
),
repeated AS (
  SELECT person_key, count(*) AS registry_row_count
  FROM core.registry_person_now
  WHERE person_key IS NOT NULL
  GROUP BY person_key
  HAVING count(*) > 1
),
-- Only people listed more than once are ranked: a window over the whole list would take most of the build's time.
ranked AS (
  SELECT
    listed.person_key, listed.person_id, listed.household_id, listed.village_code, listed.sex_code, listed.birth_date,
    repeated.registry_row_count,
    row_number() OVER (
      PARTITION BY listed.person_key
      ORDER BY CASE WHEN listed.is_homeless THEN 1 ELSE 0 END, listed.household_id, listed.person_id
    ) AS choice
  FROM listed
  INNER JOIN repeated ON repeated.person_key = listed.person_key
),
registry AS (
  SELECT person_key, person_id, household_id, village_code, sex_code, birth_date, 1 AS registry_row_count
  FROM listed
  WHERE NOT EXISTS (SELECT 1 FROM repeated WHERE repeated.person_key = listed.person_key)
  UNION ALL
  SELECT person_key, person_id, household_id, village_code, sex_code, birth_date, registry_row_count
  FROM ranked
  WHERE choice = 1
)
SELECT
  coalesce(registry.person_key, resident.person_key) AS person_key,
  registry.person_id,
  registry.household_id,
  coalesce(registry.village_code, resident.village_code) AS village_code,
  resident.village_code AS register_village_code,
  coalesce(registry.sex_code, resident.sex_code) AS sex_code,
  coalesce(registry.birth_date, resident.birth_date) AS birth_date,
  coalesce(resident.is_rural, TRUE) AS is_rural,
  registry.person_key IS NOT NULL AS is_registered,
  coalesce(resident.is_on_register, FALSE) AS is_on_register,
  coalesce(resident.is_deceased, FALSE) AS is_deceased,
  coalesce(registry.registry_row_count, 0) AS registry_row_count,
  CASE
    WHEN resident.person_key IS NULL THEN 'registry_person'
    WHEN registry.person_key IS NULL THEN 'household_registration'
    ELSE 'both'
  END AS source
FROM registry
FULL JOIN core.resident AS resident ON resident.person_key = registry.person_key
