-- core.registry_person_year
-- 各年建档立卡人口：每年年末（当年为运行日）在册的每个人，属于哪一户、什么脱贫属性。
-- Grain: one row per year and person_key.
-- Kept as: view (asked for by the transitions of years only).
-- 政策依据: 北委发〔2019〕5号 三(一)4 贫困监测；三(一)1 动态管理。
-- Inputs: core.registry_person, core.registry_year.
-- Limits: 查不到所在户的人，脱贫属性为空。
-- Tie-breaks: 一人当年属于几户的，取户编号最小的在册户。
WITH stat AS (
  SELECT stat_year, max(cutoff_date) AS cutoff_date FROM core.registry_year GROUP BY stat_year
),
listed AS (
  SELECT stat.stat_year, person.person_key, min(household.household_id) AS household_id
  FROM core.registry_person AS person
  CROSS JOIN stat
  LEFT JOIN core.registry_year AS household ON household.household_id = person.household_id AND household.stat_year = stat.stat_year
  WHERE person.recorded_to = TIMESTAMP '9999-12-31 00:00:00' AND person.person_key IS NOT NULL
    AND person.valid_from <= stat.cutoff_date AND person.valid_to > stat.cutoff_date
  GROUP BY stat.stat_year, person.person_key
)
SELECT listed.stat_year, listed.person_key, listed.household_id, household.village_code, household.poverty_status_code
FROM listed
LEFT JOIN core.registry_year AS household ON household.household_id = listed.household_id AND household.stat_year = listed.stat_year
