-- core.identity_event
-- 人员变动史：进入、退出、重新进入建档名单，更换证件号码、人编号、户，分户、并户、户编号变更，死亡，以及人工对“谁是谁”的判定和撤销。
-- Grain: one row per event; 户的变动一户一行 (person_key NULL)，其余一人一行。
-- Kept as: view (asked rarely; everything in it follows from history and decisions, so a withdrawn delivery takes its events along).
-- 政策依据: 《建档立卡动态管理办法》：自然增加、自然减少、新识别、返贫、脱贫、户的分并须有记录。
-- Inputs: core.registry_person, core.household_registration, core.death, core.cremation, core.identity_decision.
-- Limits: 名单按期报送，变动发生在两期之间的哪一天无从知道，effective_on 取后一期的数据日期。名单中的退回行不算缺席，因此不产生“退出”。
--   更换证件号码以名单的前后两期或户籍登记的曾用号为据，两处都报则各有一行。
--   who 为来源数据源（人工判定为判定人），evidence 为批次号或判定号。
-- Tie-breaks: none.
WITH listed AS (
  SELECT
    person_id, person_key, household_id, valid_from, valid_to, batch_id, recorded_from,
    lag(valid_to) OVER (PARTITION BY person_id ORDER BY valid_from) AS last_to,
    lag(person_key) OVER (PARTITION BY person_id ORDER BY valid_from) AS last_key,
    lag(household_id) OVER (PARTITION BY person_id ORDER BY valid_from) AS last_household_id,
    lead(valid_from) OVER (PARTITION BY person_id ORDER BY valid_from) AS next_from,
    lag(person_id) OVER (PARTITION BY person_key ORDER BY valid_from, person_id) AS last_person_id,
    lag(valid_to) OVER (PARTITION BY person_key ORDER BY valid_from, person_id) AS last_number_to
  FROM core.registry_person
  WHERE recorded_to = TIMESTAMP '9999-12-31 00:00:00'
),
moved AS (
  SELECT person_key, last_household_id AS from_household, household_id AS to_household, valid_from AS effective_on, batch_id, recorded_from
  FROM listed
  WHERE last_to = valid_from AND last_household_id <> household_id
),
home AS (
  SELECT household_id, min(valid_from) AS first_on, max(valid_to) AS last_on
  FROM listed
  GROUP BY household_id
),
events AS (
  SELECT
    CASE WHEN last_to IS NULL THEN 'entered' ELSE 'returned' END AS event, person_key, CAST(NULL AS VARCHAR) AS from_value,
    person_id AS to_value, valid_from AS effective_on, 'registry_person' AS who, batch_id AS evidence, recorded_from AS recorded_at
  FROM listed
  WHERE (last_to IS NULL AND last_person_id IS NULL) OR last_to < valid_from
  UNION ALL
  SELECT 'left', person_key, person_id, NULL, valid_to, 'registry_person', batch_id, recorded_from
  FROM listed
  WHERE valid_to < DATE '9999-12-31' AND (next_from IS NULL OR next_from > valid_to)
  UNION ALL
  SELECT
    'id_changed', person_key, CAST(last_key AS VARCHAR), CAST(person_key AS VARCHAR), valid_from, 'registry_person', batch_id, recorded_from
  FROM listed
  WHERE last_to = valid_from AND last_key <> person_key
  UNION ALL
  SELECT
    'id_changed', person_key, CAST(former_person_key AS VARCHAR), CAST(person_key AS VARCHAR), min(valid_from), 'household_registration',
    min(batch_id), min(recorded_from)
  FROM core.household_registration
  WHERE recorded_to = TIMESTAMP '9999-12-31 00:00:00' AND former_person_key <> person_key
  GROUP BY person_key, former_person_key
  UNION ALL
  SELECT 'registry_number_changed', person_key, last_person_id, person_id, valid_from, 'registry_person', batch_id, recorded_from
  FROM listed
  WHERE last_to IS NULL AND last_person_id <> person_id AND last_number_to <= valid_from
  UNION ALL
  SELECT 'moved', person_key, from_household, to_household, effective_on, 'registry_person', batch_id, recorded_from
  FROM moved
  UNION ALL
  SELECT
    'household_split', NULL, moved.from_household, moved.to_household, moved.effective_on, 'registry_person', min(moved.batch_id),
    min(moved.recorded_from)
  FROM moved
  INNER JOIN home AS fresh ON fresh.household_id = moved.to_household AND fresh.first_on = moved.effective_on
  INNER JOIN home AS former ON former.household_id = moved.from_household AND former.last_on > moved.effective_on
  GROUP BY moved.from_household, moved.to_household, moved.effective_on
  UNION ALL
  SELECT
    'household_merged', NULL, moved.from_household, moved.to_household, moved.effective_on, 'registry_person', min(moved.batch_id),
    min(moved.recorded_from)
  FROM moved
  INNER JOIN home AS gone ON gone.household_id = moved.from_household AND gone.last_on = moved.effective_on
  INNER JOIN home AS standing ON standing.household_id = moved.to_household AND standing.first_on < moved.effective_on
  GROUP BY moved.from_household, moved.to_household, moved.effective_on
  UNION ALL
  SELECT
    'household_number_changed', NULL, moved.from_household, moved.to_household, moved.effective_on, 'registry_person', min(moved.batch_id),
    min(moved.recorded_from)
  FROM moved
  INNER JOIN home AS gone ON gone.household_id = moved.from_household AND gone.last_on = moved.effective_on
  INNER JOIN home AS fresh ON fresh.household_id = moved.to_household AND fresh.first_on = moved.effective_on
  GROUP BY moved.from_household, moved.to_household, moved.effective_on
  UNION ALL
  SELECT 'died', person_key, NULL, NULL, min(coalesce(death_date, valid_from)), 'household_registration', min(batch_id), min(recorded_from)
  FROM core.household_registration
  WHERE recorded_to = TIMESTAMP '9999-12-31 00:00:00' AND (death_date IS NOT NULL OR change_code = '2')
  GROUP BY person_key
  UNION ALL
  SELECT 'died', person_key, NULL, NULL, min(coalesce(death_date, valid_from)), 'death', min(batch_id), min(recorded_from)
  FROM core.death
  WHERE recorded_to = TIMESTAMP '9999-12-31 00:00:00'
  GROUP BY person_key
  UNION ALL
  SELECT 'died', person_key, NULL, NULL, min(coalesce(death_date, cremated_date, valid_from)), 'cremation', min(batch_id), min(recorded_from)
  FROM core.cremation
  WHERE recorded_to = TIMESTAMP '9999-12-31 00:00:00'
  GROUP BY person_key
  UNION ALL
  SELECT kind, person_key, feed, CAST(other_key AS VARCHAR), CAST(decided_at AS DATE), decided_by, decision_id, decided_at
  FROM core.identity_decision
  UNION ALL
  SELECT 'undone', person_key, kind, CAST(other_key AS VARCHAR), CAST(undone_at AS DATE), undone_by, decision_id, undone_at
  FROM core.identity_decision
  WHERE undone_at IS NOT NULL
)
SELECT event, person_key, from_value, to_value, effective_on, who, evidence, recorded_at
FROM events
