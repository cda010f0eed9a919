-- G11 C级未改造、竣工未入住、改造后又评C、D级
-- 建档立卡户现住房为 C 级而鉴定后没有完成改造，或改造竣工九十天以上仍没有入住，或改造竣工以后又评为 C、D 级的。
-- 政策依据: 北委发〔2019〕5号 二(一)4；建村〔2017〕192号 农村危房改造。
-- Severity: 橙
-- Owner: zhujian
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: household（建档立卡共同生活户）
-- Scope: household_id = subject
-- Parameters: MOVE_IN_DAYS
-- Feeds: housing_assessment, housing_renovation, registry_household, registry_person
-- Undone by: housing_assessment, housing_renovation
-- Inputs: core.registry_household_now, core.house, ref.parameter, ref.run.
-- Limits: 修缮加固不要求另填入住日期。恰好满 90 天的还在期限内。有人居住的才看 C 级未改造。D 级没有改造的是 G10。空置而有另一处安全住房的不算。
-- Tie-breaks: 三种情形按改造后又评、竣工未入住、C 级未改造的次序取一个理由。
WITH parameter AS (
  SELECT max(CASE WHEN parameter.code = 'MOVE_IN_DAYS' THEN parameter.value END) AS move_in_days
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
judged AS (
  SELECT
    household.household_id, household.person_key, household.village_code,
    house.grade_code, house.assessed_date, house.completed_date, house.empty_since_date, house.arrangement,
    CASE
      WHEN house.grade_code IN ('C', 'D') AND house.is_lived_in AND house.completed_date < house.assessed_date
        AND NOT house.is_rehoused_since THEN '改造后又评为危房'
      WHEN date_diff('day', house.empty_since_date, run.as_of) > parameter.move_in_days THEN '竣工未入住'
      WHEN house.grade_code = 'C' AND house.is_lived_in AND NOT house.is_rebuilt_since AND NOT house.is_rehoused_since
        AND house.other_safe_count = 0 THEN 'C级未改造'
      ELSE '无'
    END AS renovation_basis
  FROM core.registry_household_now AS household
  INNER JOIN core.house AS house ON house.family_key = 'R' || household.household_id
  CROSS JOIN ref.run AS run
  CROSS JOIN parameter
)
SELECT
  household_id AS subject,
  person_key,
  household_id,
  village_code,
  CASE WHEN renovation_basis = '无' THEN '未命中' ELSE '命中' END AS verdict,
  renovation_basis,
  grade_code AS house_grade_code,
  assessed_date AS house_assessed_date,
  completed_date AS renovation_completed_date,
  arrangement AS house_arrangement
FROM judged
