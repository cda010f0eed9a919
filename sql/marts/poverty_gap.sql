-- mart.poverty_gap
-- 贫困广度、深度、强度（FGT）：县、乡、村三级，各年、各口径标准下的贫困人口、缺口、填平缺口所需资金，收入的基尼系数和分位数。
-- Grain: one row per area level, area, year, line series (line_code) and population (建档立卡人口 / 未脱贫人口).
-- 政策依据: 北委发〔2019〕5号 三(一)4 贫困统计监测；Foster–Greer–Thorbecke 指数。
-- Inputs: core.registry_year, core.poverty_line, ref.feed_state, ref.area.
-- Limits: 收入为建档系统上报的人均纯收入，按人加权；低于标准（严格小于）为贫困；负收入按 0 计。收入空缺的人不进指数，人数在 income_missing_persons。
--   全部用整数分计算后再相除。标准未录入为“参数缺失”，当年建档数据未到或过期为“无法判定”，指标一律为空。只有建档立卡人口的收入，不能推算全体农村人口。
--   分位数为人数累计首次达到 10%、50%、90% 的收入；总收入为 0 时没有基尼系数。
-- Tie-breaks: none; households of one income are added up first.
WITH feed AS (
  SELECT coalesce(bool_or(feed = 'registry_household'), FALSE) AND coalesce(bool_or(feed = 'registry_person'), FALSE) AS has_registry
  FROM ref.feed_state
  WHERE is_present AND NOT is_stale
),
unit AS (
  SELECT
    stat_year, is_running_year, coalesce(village_code, '不详') AS village_code, '建档立卡人口' AS population, household_id, person_count,
    CAST(round(CASE WHEN net_income_per_head_yuan < 0 THEN 0 ELSE net_income_per_head_yuan END * 100) AS BIGINT) AS income_cents,
    net_income_per_head_yuan IS NULL AS is_income_missing
  FROM core.registry_year
  UNION ALL
  SELECT
    stat_year, is_running_year, coalesce(village_code, '不详') AS village_code, '未脱贫人口' AS population, household_id, person_count,
    CAST(round(CASE WHEN net_income_per_head_yuan < 0 THEN 0 ELSE net_income_per_head_yuan END * 100) AS BIGINT) AS income_cents,
    net_income_per_head_yuan IS NULL AS is_income_missing
  FROM core.registry_year
  WHERE is_poor
),
-- Households of one income stand together: n × (2C − n) adds up to the same whatever their order.
village_income AS (
  SELECT stat_year, population, village_code, income_cents, CAST(sum(person_count) AS BIGINT) AS persons
  FROM unit
  WHERE NOT is_income_missing AND person_count > 0
  GROUP BY stat_year, population, village_code, income_cents
),
area_income AS (
  SELECT '村' AS area_level, village_code AS area_code, stat_year, population, income_cents, persons FROM village_income
  UNION ALL
  SELECT '乡' AS area_level, substr(village_code, 1, 9) AS area_code, stat_year, population, income_cents, CAST(sum(persons) AS BIGINT) AS persons
  FROM village_income
  GROUP BY substr(village_code, 1, 9), stat_year, population, income_cents
  UNION ALL
  SELECT '县' AS area_level, substr(village_code, 1, 6) AS area_code, stat_year, population, income_cents, CAST(sum(persons) AS BIGINT) AS persons
  FROM village_income
  GROUP BY substr(village_code, 1, 6), stat_year, population, income_cents
),
line AS (
  SELECT stat_year, line_code, series, poverty_line_yuan, CAST(round(poverty_line_yuan * 100) AS BIGINT) AS line_cents FROM core.poverty_line
),
whole AS (
  SELECT area_level, area_code, stat_year, population, CAST(sum(persons) AS BIGINT) AS all_persons
  FROM area_income
  GROUP BY area_level, area_code, stat_year, population
),
ordered AS (
  SELECT
    area_level, area_code, stat_year, population, persons, income_cents,
    CAST(
      sum(persons) OVER (PARTITION BY area_code, population, stat_year, area_level ORDER BY income_cents ROWS UNBOUNDED PRECEDING) AS BIGINT
    ) AS running_persons
  FROM area_income
),
spread AS (
  SELECT
    ordered.area_level, ordered.area_code, ordered.stat_year, ordered.population,
    sum(ordered.persons * ordered.income_cents) AS total_cents,
    sum(ordered.persons * (2 * ordered.running_persons - ordered.persons - whole.all_persons) * ordered.income_cents) AS rank_cents,
    min(CASE WHEN 10 * ordered.running_persons >= whole.all_persons THEN ordered.income_cents END) AS p10_cents,
    min(CASE WHEN 2 * ordered.running_persons >= whole.all_persons THEN ordered.income_cents END) AS p50_cents,
    min(CASE WHEN 10 * ordered.running_persons >= 9 * whole.all_persons THEN ordered.income_cents END) AS p90_cents,
    max(whole.all_persons) AS all_persons
  FROM ordered
  INNER JOIN whole
    ON whole.area_level = ordered.area_level AND whole.area_code = ordered.area_code AND whole.stat_year = ordered.stat_year
    AND whole.population = ordered.population
  GROUP BY ordered.area_level, ordered.area_code, ordered.stat_year, ordered.population
),
village_gap AS (
  SELECT
    unit.stat_year, unit.is_running_year, unit.village_code, unit.population, line.line_code,
    sum(unit.person_count) AS persons,
    sum(CASE WHEN unit.is_income_missing THEN unit.person_count ELSE 0 END) AS missing_persons,
    sum(CASE WHEN unit.income_cents < line.line_cents THEN unit.person_count ELSE 0 END) AS below_persons,
    sum(CASE WHEN unit.income_cents < line.line_cents THEN unit.person_count * (line.line_cents - unit.income_cents) ELSE 0 END) AS gap_cents,
    sum(
      CASE
        WHEN unit.income_cents < line.line_cents
          THEN unit.person_count * (line.line_cents - unit.income_cents) * (line.line_cents - unit.income_cents)
        ELSE 0
      END
    ) AS gap_squared
  FROM unit
  INNER JOIN line ON line.stat_year = unit.stat_year
  GROUP BY unit.stat_year, unit.is_running_year, unit.village_code, unit.population, line.line_code
),
area_gap AS (
  SELECT '村' AS area_level, village_code AS area_code, village_gap.* FROM village_gap
  UNION ALL
  SELECT '乡' AS area_level, substr(village_code, 1, 9) AS area_code, village_gap.* FROM village_gap
  UNION ALL
  SELECT '县' AS area_level, substr(village_code, 1, 6) AS area_code, village_gap.* FROM village_gap
),
summed AS (
  SELECT
    area_level, area_code, stat_year, is_running_year, population, line_code,
    sum(persons) AS persons,
    sum(missing_persons) AS missing_persons,
    sum(persons) - sum(missing_persons) AS known_persons,
    sum(below_persons) AS below_persons,
    sum(gap_cents) AS gap_cents,
    sum(gap_squared) AS gap_squared
  FROM area_gap
  GROUP BY area_level, area_code, stat_year, is_running_year, population, line_code
),
stated AS (
  SELECT
    summed.area_level, summed.area_code, summed.stat_year, summed.population, summed.line_code, line.series, line.poverty_line_yuan, line.line_cents,
    summed.persons, summed.missing_persons, summed.known_persons, summed.below_persons, summed.gap_cents, summed.gap_squared,
    CASE
      WHEN summed.is_running_year AND NOT feed.has_registry THEN '无法判定'
      WHEN line.line_cents IS NULL THEN '参数缺失'
      WHEN summed.known_persons = 0 THEN '无法判定'
      ELSE '已计算'
    END AS gap_state
  FROM summed
  CROSS JOIN feed
  INNER JOIN line ON line.stat_year = summed.stat_year AND line.line_code = summed.line_code
)
SELECT
  stated.area_level,
  stated.area_code,
  area_name.area,
  stated.stat_year,
  stated.line_code,
  stated.series,
  stated.population,
  stated.poverty_line_yuan,
  stated.gap_state,
  CAST(stated.persons AS BIGINT) AS population_persons,
  CAST(stated.missing_persons AS BIGINT) AS income_missing_persons,
  CASE WHEN stated.gap_state = '已计算' THEN CAST(stated.below_persons AS BIGINT) END AS below_line_persons,
  CASE WHEN stated.gap_state = '已计算' THEN CAST(CAST(stated.below_persons AS DOUBLE) / stated.known_persons AS DECIMAL(18, 12)) END AS fgt0,
  CASE
    WHEN stated.gap_state = '已计算'
      THEN CAST(CAST(stated.gap_cents AS DOUBLE) / (CAST(stated.known_persons AS DOUBLE) * stated.line_cents) AS DECIMAL(18, 12))
  END AS fgt1,
  CASE
    WHEN stated.gap_state = '已计算'
      THEN CAST(
        CAST(stated.gap_squared AS DOUBLE) / (CAST(stated.known_persons AS DOUBLE) * stated.line_cents * stated.line_cents) AS DECIMAL(18, 12)
      )
  END AS fgt2,
  CASE
    WHEN stated.gap_state = '已计算' AND stated.below_persons > 0
      THEN CAST(CAST(stated.gap_cents AS DOUBLE) / stated.below_persons / 100 AS DECIMAL(18, 2))
  END AS mean_gap_yuan,
  CASE WHEN stated.gap_state = '已计算' THEN CAST(CAST(stated.gap_cents AS DECIMAL(30, 2)) / 100 AS DECIMAL(18, 2)) END AS gap_total_yuan,
  CASE
    WHEN stated.gap_state <> '无法判定' AND spread.total_cents > 0
      THEN CAST(CAST(spread.rank_cents AS DOUBLE) / (CAST(spread.all_persons AS DOUBLE) * spread.total_cents) AS DECIMAL(18, 12))
  END AS gini,
  CASE WHEN stated.gap_state <> '无法判定' THEN CAST(CAST(spread.p10_cents AS DECIMAL(18, 2)) / 100 AS DECIMAL(18, 2)) END AS income_p10_yuan,
  CASE WHEN stated.gap_state <> '无法判定' THEN CAST(CAST(spread.p50_cents AS DECIMAL(18, 2)) / 100 AS DECIMAL(18, 2)) END AS income_p50_yuan,
  CASE WHEN stated.gap_state <> '无法判定' THEN CAST(CAST(spread.p90_cents AS DECIMAL(18, 2)) / 100 AS DECIMAL(18, 2)) END AS income_p90_yuan
FROM stated
LEFT JOIN spread
  ON spread.area_level = stated.area_level AND spread.area_code = stated.area_code AND spread.stat_year = stated.stat_year
  AND spread.population = stated.population
LEFT JOIN ref.area AS area_name ON area_name.area_level = stated.area_level AND area_name.area_code = stated.area_code
