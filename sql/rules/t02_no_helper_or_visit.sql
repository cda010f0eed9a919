-- T02 帮扶责任人空档或走访逾期
-- 未脱贫、返贫和享受政策的脱贫户，没有在任的帮扶责任人，或者超过规定天数没有人入户走访。
-- 政策依据: 北委发〔2019〕5号 三(三) 帮扶责任、四(一)4 遍访贫困村贫困户；脱贫不脱帮扶。
-- Severity: 黄
-- Owner: fupinban
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: household（建档立卡共同生活户）
-- Scope: household_id = subject
-- Parameters: VISIT_DAYS
-- Feeds: helper_assignment, visit, registry_household
-- Undone by: helper_assignment, visit
-- Inputs: core.helper_assignment_now, core.visit_now, core.registry_household_now, ref.parameter, ref.run.
-- Limits: 电话、视频联系不算走访，没有注明方式的算。责任起止只到月：开始月第一天起、结束月最后一天止。恰为规定天数不算逾期。
--   从没有走访过而现任责任人上任未满规定天数的不算逾期。
-- Tie-breaks: none (latest dates only).
WITH parameter AS (
  SELECT max(CASE WHEN parameter.code = 'VISIT_DAYS' THEN parameter.value END) AS visit_days
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
helper AS (
  SELECT assignment.household_id, count(*) AS helper_count, max(assignment.from_date) AS helper_from_date
  FROM core.helper_assignment_now AS assignment
  CROSS JOIN ref.run AS run
  WHERE assignment.from_date <= run.as_of AND (assignment.to_date IS NULL OR last_day(assignment.to_date) >= run.as_of)
  GROUP BY assignment.household_id
),
visited AS (
  SELECT visit.household_id, max(visit.visit_date) AS last_visit_date
  FROM core.visit_now AS visit
  CROSS JOIN ref.run AS run
  WHERE visit.visit_date <= run.as_of AND coalesce(visit.visit_way_code, '1') = '1'
  GROUP BY visit.household_id
),
judged AS (
  SELECT
    household.household_id, household.person_key, household.village_code, coalesce(helper.helper_count, 0) AS helper_count,
    helper.helper_from_date, visited.last_visit_date,
    date_diff('day', coalesce(visited.last_visit_date, helper.helper_from_date), run.as_of) AS days_unvisited,
    parameter.visit_days
  FROM core.registry_household_now AS household
  CROSS JOIN parameter
  CROSS JOIN ref.run AS run
  LEFT JOIN helper ON helper.household_id = household.household_id
  LEFT JOIN visited ON visited.household_id = household.household_id
  WHERE household.poverty_status_code IN ('0', '1', '2', '3')
)
SELECT
  household_id AS subject,
  person_key,
  household_id,
  village_code,
  CASE WHEN helper_count = 0 OR days_unvisited > visit_days THEN '命中' ELSE '未命中' END AS verdict,
  CASE
    WHEN helper_count = 0 THEN '没有在任的帮扶责任人'
    WHEN days_unvisited > visit_days THEN '走访逾期'
    ELSE '正常'
  END AS helper_basis,
  helper_count,
  helper_from_date,
  last_visit_date,
  days_unvisited
FROM judged
