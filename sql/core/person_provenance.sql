-- core.person_provenance
-- 字段来源：core.person 的村、性别、出生日期各取自哪个数据源、哪一批次、哪一行、自哪天起。
-- Grain: one row per person_key and column_name.
-- Kept as: view (asked when a value is doubted, never by a mart).
-- 政策依据: 北委发〔2019〕5号 三(一)2 各部门信息与建档立卡信息有效对接；数据须可追溯。
-- Inputs: core.registry_person_now, core.registry_household_now, core.household_registration_now, ref.precedence.
-- Limits: 优先次序在 ref.precedence (sql/codes/precedence.csv) 中逐列声明，次序靠后的只补空缺。
-- Tie-breaks: 同一数据源有几行时与 core.person 相同：先取所在户仍在册的，再取户编号最小、人编号最小的一行；其余取批次号、行号最小的。
WITH listed AS (
  SELECT
    person.person_key, person.person_id, person.household_id, person.sex_code, person.birth_date, person.batch_id, person.source_row,
    person.valid_from, household.village_code, household.batch_id AS household_batch_id, household.source_row AS household_source_row,
    household.valid_from AS household_valid_from, CASE WHEN household.household_id IS NULL THEN 1 ELSE 0 END AS homeless
  FROM core.registry_person_now AS person
  LEFT JOIN core.registry_household_now AS household ON household.household_id = person.household_id
  WHERE person.person_key IS NOT NULL
),
ranked AS (
  SELECT
    person_key, sex_code, birth_date, batch_id, source_row, valid_from, village_code, household_batch_id, household_source_row,
    household_valid_from, row_number() OVER (PARTITION BY person_key ORDER BY homeless, household_id, person_id) AS choice
  FROM listed
),
said AS (
  SELECT
    person_key, 'village_code' AS column_name, village_code AS column_value, 'registry_household' AS feed,
    household_batch_id AS batch_id, household_source_row AS source_row, household_valid_from AS valid_from
  FROM ranked
  WHERE choice = 1
  UNION ALL
  SELECT person_key, 'sex_code', sex_code, 'registry_person', batch_id, source_row, valid_from
  FROM ranked
  WHERE choice = 1
  UNION ALL
  SELECT person_key, 'birth_date', CAST(birth_date AS VARCHAR), 'registry_person', batch_id, source_row, valid_from
  FROM ranked
  WHERE choice = 1
  UNION ALL
  SELECT person_key, 'village_code', village_code, 'household_registration', batch_id, source_row, valid_from
  FROM core.household_registration_now
  UNION ALL
  SELECT person_key, 'sex_code', sex_code, 'household_registration', batch_id, source_row, valid_from
  FROM core.household_registration_now
  UNION ALL
  SELECT person_key, 'birth_date', CAST(birth_date AS VARCHAR), 'household_registration', batch_id, source_row, valid_from
  FROM core.household_registration_now
),
chosen AS (
  SELECT
    said.person_key, said.column_name, said.column_value, said.feed, said.batch_id, said.source_row, said.valid_from,
    row_number() OVER (
      PARTITION BY said.person_key, said.column_name
      ORDER BY precedence.precedence, said.batch_id, said.source_row
    ) AS choice
  FROM said
  INNER JOIN ref.precedence AS precedence ON precedence.column_name = said.column_name AND precedence.feed = said.feed
  WHERE said.column_value IS NOT NULL AND said.person_key IS NOT NULL
)
SELECT person_key, column_name, column_value, feed, batch_id, source_row, valid_from
FROM chosen
WHERE choice = 1
