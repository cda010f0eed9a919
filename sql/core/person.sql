-- core.person
-- 人员主干：建档立卡人口与户籍人口合并后每人一行，其他各表都按 person_key 连到这里。
-- Grain: one row per person_key.
-- Kept as: view (a join of two lists that are stored already; storing it again would cost more than every mart together).
-- 政策依据: 北委发〔2019〕5号 三(一)2 “户籍、教育、健康…等信息与贫困人口建档立卡信息有效对接”。
-- Inputs: core.registry_person_now, core.registry_household_now, core.household_registration_now.
-- Limits: 没有可用证件号码的建档人口也有 person_key（由人编号得出），但连不上户籍，故 is_on_register 为假。户口性质为“居民”或空白时
--   按行政村代码末三位判断城乡（200–399、500–599 为村，其余为居委会）。只在建档名单中的人按农村人口计。
-- Tie-breaks: 登记信息以建档立卡为准（户编号、村、性别、出生日期），空缺的由户籍补。同一人有几行建档记录时，先取所在户仍在册的，
--   再取户编号最小、人编号最小的一行（人编号是主键，不会再相同）。户籍名单的主键就是人，每人只有一行。
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
),
police AS (
  SELECT
    person_key, village_code, sex_code, birth_date,
    death_date IS NOT NULL OR coalesce(change_code = '2', FALSE) AS is_deceased,
    death_date IS NOT NULL OR coalesce(change_code IN ('2', '4', '5'), FALSE) AS is_struck,
    CASE
      WHEN hukou_nature_code = '1' THEN TRUE
      WHEN hukou_nature_code = '2' THEN FALSE
      ELSE coalesce(substr(village_code, 10, 1) IN ('2', '3', '5'), FALSE)
    END AS is_rural
  FROM core.household_registration_now
  WHERE person_key IS NOT NULL
)
SELECT
  coalesce(registry.person_key, police.person_key) AS person_key,
  registry.person_id,
  registry.household_id,
  coalesce(registry.village_code, police.village_code) AS village_code,
  police.village_code AS register_village_code,
  coalesce(registry.sex_code, police.sex_code) AS sex_code,
  coalesce(registry.birth_date, police.birth_date) AS birth_date,
  coalesce(police.is_rural, TRUE) AS is_rural,
  registry.person_key IS NOT NULL AS is_registered,
  NOT coalesce(police.is_struck, TRUE) AS is_on_register,
  coalesce(police.is_deceased, FALSE) AS is_deceased,
  coalesce(registry.registry_row_count, 0) AS registry_row_count,
  CASE
    WHEN police.person_key IS NULL THEN 'registry_person'
    WHEN registry.person_key IS NULL THEN 'household_registration'
    ELSE 'both'
  END AS source
FROM registry
FULL JOIN police ON police.person_key = registry.person_key
