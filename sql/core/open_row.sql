-- core.open_row
-- 退回待改正的行、还没有对上人的行，可能说的是谁：其中可能正有某人、某户、某村的数据，这样的对象不能因为“没有查到”就成为线索。
-- Grain: one row per feed, kind of subject (person, household, family, village, record) and subject.
-- 政策依据: 北委发〔2019〕5号 三(一)2 “规范信息采集、整理、反馈和发布工作”；缺数据不等于没有事实。
-- Inputs: ops.refused, ops.batch, ref.feed, ref.run, core.member, core.person_alias, core.registry_person_now, core.household_registration_now,
--   core.project_beneficiary_now, core.fund_payment_now, core.link_candidate, core.identity_decision.
-- Limits: 全量名单的退回行到下一份全量名单为止，其他数据源的到满一年为止；按退回表改正重报的，以重报那份为准。重复行不算。证件号码能认出的只算本人，认不出的
--   按姓名加出生日期、户编号或村找人，什么都没有的算到所有同名的人，同名超过二十人的不算。只有户编号的，算全户的人。没有对上人的行，是最近一次匹配留给人工核对而没有答复的候选人。
--   record 为借据、项目等编号，项目还包括名单上有这些人、这些户的，支付凭证为收款人与其中的人同名的。
-- Tie-breaks: none (a set).
WITH ranked AS (
  SELECT feed, as_of, received_at, row_number() OVER (PARTITION BY feed ORDER BY as_of DESC, received_at DESC, batch_id DESC) AS choice
  FROM ops.batch
  WHERE state = 'merged' AND coverage = 'full'
),
newest AS (
  SELECT feed, as_of, received_at FROM ranked WHERE choice = 1
),
corrected AS (
  SELECT feed, correction_of AS batch_id
  FROM ops.batch
  WHERE state = 'merged' AND correction_of IS NOT NULL
  GROUP BY feed, correction_of
),
waiting AS (
  SELECT batch.feed, batch.batch_id
  FROM ops.batch AS batch
  INNER JOIN ref.feed AS feed ON feed.feed = batch.feed
  CROSS JOIN ref.run AS run
  LEFT JOIN newest ON newest.feed = batch.feed
  LEFT JOIN corrected ON corrected.feed = batch.feed AND corrected.batch_id = batch.batch_id
  WHERE
    batch.state = 'merged' AND corrected.feed IS NULL
    AND CASE
      WHEN feed.mode <> 'snapshot' THEN batch.as_of > run.as_of - INTERVAL 1 YEAR
      WHEN newest.feed IS NULL OR batch.as_of > newest.as_of THEN TRUE
      ELSE batch.as_of = newest.as_of AND coalesce(batch.received_at >= newest.received_at, TRUE)
    END
),
mention AS (
  SELECT refused.feed, refused.batch_id, refused.source_row, refused.kind, refused.word, refused.birth_date, coalesce(alias.spine_key, refused.person_key) AS person_key
  FROM ops.refused AS refused
  INNER JOIN waiting ON waiting.feed = refused.feed AND waiting.batch_id = refused.batch_id
  LEFT JOIN core.person_alias AS alias ON alias.person_key = refused.person_key
),
-- Twelve digits are a household's number or a village's; those of loans and projects begin with letters.
number AS (
  SELECT feed, batch_id, source_row, word, left(word, 1) BETWEEN '0' AND '9' AS is_place FROM mention WHERE kind = 'number'
),
numbered AS (
  SELECT feed, batch_id, source_row FROM number WHERE is_place GROUP BY feed, batch_id, source_row
),
name AS (
  SELECT mention.feed, mention.batch_id, mention.source_row, mention.word, mention.birth_date, numbered.feed IS NOT NULL AS is_numbered
  FROM mention
  LEFT JOIN numbered ON numbered.feed = mention.feed AND numbered.batch_id = mention.batch_id AND numbered.source_row = mention.source_row
  WHERE mention.kind = 'name'
),
bearer AS (
  SELECT person.person_key, person.name, person.birth_date
  FROM core.registry_person_now AS person
  SEMI JOIN name ON name.word = person.name
  UNION
  SELECT person.person_key, person.name, person.birth_date
  FROM core.household_registration_now AS person
  SEMI JOIN name ON name.word = person.name
),
placed AS (
  SELECT bearer.person_key, bearer.name, bearer.birth_date, member.household_id, member.village_code
  FROM bearer
  INNER JOIN core.member AS member ON member.person_key = bearer.person_key
),
-- As many as a review list lays before a clerk; a name that hundreds bear would leave open a whole county.
rare AS (
  SELECT name FROM placed GROUP BY name HAVING count(DISTINCT person_key) <= 20
),
named AS (
  SELECT name.feed, placed.person_key
  FROM name
  INNER JOIN placed ON placed.name = name.word AND placed.birth_date = name.birth_date
  UNION
  SELECT name.feed, placed.person_key
  FROM name
  INNER JOIN placed ON placed.name = name.word
  INNER JOIN rare ON rare.name = name.word
  WHERE name.birth_date IS NULL AND NOT name.is_numbered
  UNION
  SELECT name.feed, placed.person_key
  FROM name
  INNER JOIN number ON number.feed = name.feed AND number.batch_id = name.batch_id AND number.source_row = name.source_row
  INNER JOIN placed ON placed.name = name.word AND placed.household_id = number.word
  WHERE name.birth_date IS NULL
  UNION
  SELECT name.feed, placed.person_key
  FROM name
  INNER JOIN number ON number.feed = name.feed AND number.batch_id = name.batch_id AND number.source_row = name.source_row
  INNER JOIN placed ON placed.name = name.word AND placed.village_code = number.word
  WHERE name.birth_date IS NULL
),
decided AS (
  SELECT feed, record
  FROM core.identity_decision
  WHERE undone_at IS NULL AND record IS NOT NULL
  GROUP BY feed, record
),
person AS (
  SELECT candidate.feed, coalesce(alias.spine_key, candidate.person_key) AS person_key
  FROM core.link_candidate AS candidate
  LEFT JOIN decided ON decided.feed = candidate.feed AND decided.record = candidate.record
  LEFT JOIN core.person_alias AS alias ON alias.person_key = candidate.person_key
  WHERE candidate.decision = 'review' AND decided.feed IS NULL
  UNION
  SELECT feed, person_key FROM mention WHERE kind = 'person'
  UNION
  SELECT feed, person_key FROM named
  UNION
  -- A row about a household is one about everybody in it.
  SELECT number.feed, member.person_key
  FROM number
  INNER JOIN core.member AS member ON member.household_id = number.word
  WHERE
    number.feed IN (
      'registry_household', 'household_survey', 'housing_assessment', 'housing_renovation', 'monitored_household', 'helper_assignment', 'visit'
    )
),
known AS (
  SELECT person.feed, person.person_key, member.household_id, member.family_key, member.village_code
  FROM person
  INNER JOIN core.member AS member ON member.person_key = person.person_key
),
payee AS (
  SELECT person.feed, registered.name
  FROM person
  INNER JOIN core.registry_person_now AS registered ON registered.person_key = person.person_key
  UNION
  SELECT person.feed, resident.name
  FROM person
  INNER JOIN core.household_registration_now AS resident ON resident.person_key = person.person_key
  UNION
  SELECT feed, word FROM name
),
told AS (
  SELECT feed, 'person' AS subject_kind, CAST(person_key AS VARCHAR) AS subject FROM person
  UNION
  SELECT feed, 'household' AS subject_kind, household_id AS subject FROM known
  UNION
  SELECT feed, 'household' AS subject_kind, word AS subject FROM number WHERE is_place
  UNION
  SELECT feed, 'family' AS subject_kind, family_key AS subject FROM known
  UNION
  SELECT feed, 'family' AS subject_kind, 'R' || word AS subject FROM number WHERE is_place
  UNION
  SELECT feed, 'village' AS subject_kind, village_code AS subject FROM known
  UNION
  SELECT feed, 'village' AS subject_kind, word AS subject FROM number WHERE is_place
  UNION
  SELECT feed, 'record' AS subject_kind, word AS subject FROM number
  UNION
  SELECT payee.feed, 'record' AS subject_kind, payment.voucher_no AS subject
  FROM payee
  INNER JOIN core.fund_payment_now AS payment ON payment.payee = payee.name
  UNION
  SELECT person.feed, 'record' AS subject_kind, beneficiary.project_no AS subject
  FROM person
  INNER JOIN core.project_beneficiary_now AS beneficiary ON beneficiary.person_key = person.person_key
  UNION
  SELECT number.feed, 'record' AS subject_kind, beneficiary.project_no AS subject
  FROM number
  INNER JOIN core.project_beneficiary_now AS beneficiary ON beneficiary.household_id = number.word
)
SELECT feed, subject_kind, subject
FROM told
WHERE subject IS NOT NULL
