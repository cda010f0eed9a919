-- core.registry_year
-- 各年建档立卡户：每年年末（当年为运行日）在册的每一户，当时的脱贫属性、收入和成员数。
-- Grain: one row per year and registered household (建档立卡共同生活户, household_id).
-- Scope: household_id
-- 政策依据: 北委发〔2019〕5号 三(一)4 贫困监测；及时掌握贫困状况、变化趋势和扶贫工作成效。
-- Inputs: core.registry_household, core.registry_person, ref.poverty_status, ref.workday, ref.run.
-- Limits: 以现在的认识看当时（更正过的数据按更正后算）。首次报送以前的年份没有记录。person_count 为当时名单中的成员数，名单中没有成员的取登记家庭人口数。
-- Tie-breaks: none; history holds one row per household and day.
WITH first AS (
  SELECT min(valid_from) AS first_day FROM core.registry_household WHERE recorded_to = TIMESTAMP '9999-12-31 00:00:00'
),
stat AS (
  SELECT CAST(extract(YEAR FROM workday.day) AS BIGINT) AS stat_year, max(workday.day) AS cutoff_date
  FROM ref.workday AS workday
  CROSS JOIN ref.run AS run
  CROSS JOIN first
  WHERE workday.day <= run.as_of AND workday.day >= first.first_day
  GROUP BY CAST(extract(YEAR FROM workday.day) AS BIGINT)
),
member AS (
  SELECT stat.stat_year, person.household_id, count(*) AS person_count
  FROM core.registry_person AS person
  CROSS JOIN stat
  WHERE person.recorded_to = TIMESTAMP '9999-12-31 00:00:00' AND person.valid_from <= stat.cutoff_date AND person.valid_to > stat.cutoff_date
  GROUP BY stat.stat_year, person.household_id
)
SELECT
  stat.stat_year,
  stat.cutoff_date,
  stat.stat_year = extract(YEAR FROM run.as_of) AS is_running_year,
  household.household_id,
  household.village_code,
  household.household_type_code,
  household.poverty_status_code,
  poverty_status.is_poor,
  coalesce(member.person_count, household.member_count, 0) AS person_count,
  household.wage_income_yuan,
  household.business_income_yuan,
  household.property_income_yuan,
  household.transfer_income_yuan,
  household.business_cost_yuan,
  household.net_income_yuan,
  household.net_income_per_head_yuan
FROM core.registry_household AS household
CROSS JOIN stat
CROSS JOIN ref.run AS run
LEFT JOIN member ON member.household_id = household.household_id AND member.stat_year = stat.stat_year
LEFT JOIN ref.poverty_status AS poverty_status ON poverty_status.poverty_status_code = household.poverty_status_code
WHERE household.recorded_to = TIMESTAMP '9999-12-31 00:00:00'
  AND household.valid_from <= stat.cutoff_date AND household.valid_to > stat.cutoff_date
