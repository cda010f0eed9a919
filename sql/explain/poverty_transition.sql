-- explain.poverty_transition
-- 每一种状态转移是哪些人。
-- Inputs: core.registry_year, core.registry_person_year, core.household_registration_now.
-- Limits: 户编号为起点年的户，新进入的人为终点年的户。
-- Derived: start_persons = 同一起点状态的 moved_persons 之和; move_share = moved_persons ÷ start_persons; to_year = from_year + 1
WITH listed AS (
  SELECT stat_year FROM core.registry_person_year GROUP BY stat_year
),
pair AS (
  SELECT before.stat_year AS from_year, before.stat_year + 1 AS to_year, max(after.cutoff_date) AS cutoff_date
  FROM listed AS before
  INNER JOIN core.registry_year AS after ON after.stat_year = before.stat_year + 1
  INNER JOIN listed AS follower ON follower.stat_year = before.stat_year + 1
  GROUP BY before.stat_year
),
start AS (
  SELECT pair.from_year, pair.to_year, pair.cutoff_date, person.person_key, person.household_id, person.village_code, person.poverty_status_code
  FROM core.registry_person_year AS person
  INNER JOIN pair ON pair.from_year = person.stat_year
),
finish AS (
  SELECT pair.from_year, pair.to_year, pair.cutoff_date, person.person_key, person.household_id, person.village_code, person.poverty_status_code
  FROM core.registry_person_year AS person
  INNER JOIN pair ON pair.to_year = person.stat_year
),
joined AS (
  SELECT
    coalesce(start.from_year, finish.from_year) AS from_year,
    coalesce(start.to_year, finish.to_year) AS to_year,
    coalesce(start.cutoff_date, finish.cutoff_date) AS cutoff_date,
    coalesce(start.person_key, finish.person_key) AS person_key,
    coalesce(start.household_id, finish.household_id) AS household_id,
    coalesce(start.village_code, finish.village_code, '不详') AS village_code,
    CASE
      WHEN start.person_key IS NULL THEN '未在册'
      ELSE CASE start.poverty_status_code WHEN '0' THEN '未脱贫' WHEN '2' THEN '未脱贫' WHEN '3' THEN '返贫' WHEN '1' THEN '脱贫（享受政策）' WHEN '4' THEN '脱贫（不再享受）' ELSE '不明' END
    END AS from_state,
    CASE
      WHEN finish.person_key IS NULL THEN '未在册'
      ELSE CASE finish.poverty_status_code WHEN '0' THEN '未脱贫' WHEN '2' THEN '未脱贫' WHEN '3' THEN '返贫' WHEN '1' THEN '脱贫（享受政策）' WHEN '4' THEN '脱贫（不再享受）' ELSE '不明' END
    END AS listed_state
  FROM start
  FULL JOIN finish ON finish.person_key = start.person_key AND finish.from_year = start.from_year
),
moved AS (
  SELECT
    joined.from_year, joined.to_year, joined.village_code, joined.person_key, joined.household_id, joined.from_state,
    CASE
      WHEN joined.listed_state <> '未在册' THEN joined.listed_state
      WHEN police.death_date <= joined.cutoff_date OR police.change_code = '2' THEN '死亡'
      WHEN police.change_code = '4' THEN '迁出'
      ELSE '未在册'
    END AS to_state
  FROM joined
  LEFT JOIN core.household_registration_now AS police ON police.person_key = joined.person_key
),
area_row AS (
  SELECT '村' AS area_level, village_code AS area_code, moved.* FROM moved
  UNION ALL
  SELECT '乡' AS area_level, substr(village_code, 1, 9) AS area_code, moved.* FROM moved
  UNION ALL
  SELECT '县' AS area_level, substr(village_code, 1, 6) AS area_code, moved.* FROM moved
)
SELECT
  area_level, area_code, from_year, from_state, to_state,
  'moved_persons' AS figure,
  household_id,
  person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM area_row
