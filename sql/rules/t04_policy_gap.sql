-- T04 政策断档
-- 保持期内的脱贫户，原来每年都有的教育、健康、公益岗位、综合保障帮扶，近一年没有了，而家里仍有该享受的人。
-- 政策依据: 北委发〔2019〕5号 三(一)3 “退出后相关政策保持一段时间”，扶贫政策保持稳定。
-- Severity: 橙
-- Owner: fupinban
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: household（建档立卡共同生活户）
-- Scope: household_id = subject
-- Parameters: KEEP_YEARS
-- Feeds: aid_measure, registry_household, registry_person
-- Undone by: aid_measure
-- Inputs: core.aid_measure_now, core.registry_household_now, core.registry_person_now, core.member, ref.parameter, ref.run.
-- Limits: 只看按年延续的四类措施，按人比较：一年以前两年之内有、近一年（不含一年前当天）没有。产业、就业、危改等一次性措施不算断档。
--   已不在册的人、已不上学的人的教育帮扶、年满 60 周岁的人的公益岗位不算。脱贫年度不详、措施里认不出人的户看不出来，为未命中。
-- Tie-breaks: none (counts only).
WITH parameter AS (
  SELECT max(CASE WHEN parameter.code = 'KEEP_YEARS' THEN parameter.value END) AS keep_years
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
measure AS (
  SELECT
    measure.person_key, measure.aid_kind_code,
    max(CASE WHEN measure.aid_date <= run.as_of - INTERVAL 1 YEAR THEN measure.aid_date END) AS earlier_date,
    max(measure.aid_date) AS latest_date
  FROM core.aid_measure_now AS measure
  CROSS JOIN ref.run AS run
  WHERE measure.person_key IS NOT NULL AND measure.aid_kind_code IN ('03', '04', '08', '09')
    AND measure.aid_date > run.as_of - INTERVAL 3 YEAR AND measure.aid_date <= run.as_of
  GROUP BY measure.person_key, measure.aid_kind_code
),
lost AS (
  SELECT
    person.household_id, count(*) AS lost_measure_count, min(measure.aid_kind_code) AS lost_kind_code,
    max(measure.earlier_date) AS lost_since_date
  FROM measure
  CROSS JOIN ref.run AS run
  INNER JOIN core.registry_person_now AS person ON person.person_key = measure.person_key
  LEFT JOIN core.member AS member ON member.person_key = measure.person_key
  WHERE measure.earlier_date IS NOT NULL AND measure.latest_date <= run.as_of - INTERVAL 1 YEAR
    AND NOT coalesce(member.is_deceased, FALSE)
    AND NOT (measure.aid_kind_code = '03' AND coalesce(person.student_status_code, '01') = '01')
    AND NOT (measure.aid_kind_code = '08' AND coalesce(member.age, 0) >= 60)
  GROUP BY person.household_id
)
SELECT
  household.household_id AS subject,
  household.person_key,
  household.household_id,
  household.village_code,
  CASE WHEN lost.household_id IS NOT NULL THEN '命中' ELSE '未命中' END AS verdict,
  household.exit_year,
  coalesce(lost.lost_measure_count, 0) AS lost_measure_count,
  lost.lost_kind_code,
  lost.lost_since_date
FROM core.registry_household_now AS household
CROSS JOIN parameter
CROSS JOIN ref.run AS run
LEFT JOIN lost ON lost.household_id = household.household_id
WHERE household.poverty_status_code = '1' AND household.exit_year <= extract(YEAR FROM run.as_of)
  AND household.exit_year >= extract(YEAR FROM run.as_of) - parameter.keep_years
