-- mart.poverty_transition
-- 状态转移：县、乡、村三级，从一年年末到下一年年末（最后一年为运行日），建档立卡人口的脱贫属性由什么变成了什么。
-- Grain: one row per area level, area, starting year and pair of states that occurs.
-- 政策依据: 北委发〔2019〕5号 三(一)4 及时掌握变化趋势；三(一)1 动态管理（返贫、新识别、退出）。
-- Inputs: core.registry_year, core.registry_person_year, core.household_registration_now, ref.area.
-- Limits: 恒等式: 同一起点状态各行之和 = 起点年末该状态的人数（from_state 为“未在册”的是新进入的人，不属于起点）。人按起点年的村计，新进入的按终点年的村。
--   不再在册的人，户籍登记为死亡的为“死亡”，迁出的为“迁出”，其余为“未在册”。预脱贫计为未脱贫；查不到脱贫属性的为“不明”。只有相邻两年都有建档人口名单时才有转移。
-- Tie-breaks: none; core.registry_person_year and the register hold one row per person (and year).
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
village_move AS (
  SELECT village_code, from_year, to_year, from_state, to_state, count(*) AS persons
  FROM moved
  GROUP BY village_code, from_year, to_year, from_state, to_state
),
area_row AS (
  SELECT '村' AS area_level, village_code AS area_code, village_move.* FROM village_move
  UNION ALL
  SELECT '乡' AS area_level, substr(village_code, 1, 9) AS area_code, village_move.* FROM village_move
  UNION ALL
  SELECT '县' AS area_level, substr(village_code, 1, 6) AS area_code, village_move.* FROM village_move
),
summed AS (
  SELECT area_level, area_code, from_year, to_year, from_state, to_state, CAST(sum(persons) AS BIGINT) AS moved_persons
  FROM area_row
  GROUP BY area_level, area_code, from_year, to_year, from_state, to_state
),
started AS (
  SELECT area_level, area_code, from_year, from_state, CAST(sum(moved_persons) AS BIGINT) AS start_persons
  FROM summed
  GROUP BY area_level, area_code, from_year, from_state
)
SELECT
  summed.area_level,
  summed.area_code,
  area_name.area,
  summed.from_year,
  summed.to_year,
  summed.from_state,
  summed.to_state,
  summed.moved_persons,
  started.start_persons,
  CASE
    WHEN summed.from_state <> '未在册' THEN CAST(CAST(summed.moved_persons AS DOUBLE) / started.start_persons AS DECIMAL(12, 8))
  END AS move_share
FROM summed
INNER JOIN started
  ON started.area_level = summed.area_level AND started.area_code = summed.area_code AND started.from_year = summed.from_year
  AND started.from_state = summed.from_state
LEFT JOIN ref.area AS area_name ON area_name.area_level = summed.area_level AND area_name.area_code = summed.area_code
