-- mart.headcount
-- 贫困状况：县、乡、村三级，农村户籍人口、建档立卡户和人口、未脱贫、返贫、已脱贫、新识别、漏评、错退，贫困发生率和综合贫困发生率。
-- Grain: one row per area level and area, on the run date (as_of).
-- 政策依据: 北委发〔2019〕5号 三(一)3、4：综合贫困发生率含漏评、错退；中办国办《关于建立贫困退出机制的意见》。
-- Inputs: mart.person_status, mart.household_status, mart.village_incidence, core.exit_finding_now, core.poverty_line, ops.batch, ref.feed_state, ref.run, ref.area.
-- Limits: 恒等式: listed_persons = not_exited_persons + returned_persons + exited_enjoying_persons + exited_released_persons + unknown_count；
--   poor_persons = not_exited_persons + returned_persons（预脱贫公告以前计为未脱贫）。农村户籍人口为各村分母之和（mart.village_incidence），有村没有分母的区域为空。
--   漏评、错退只算经核查认定、尚未纠正、登记里不是贫困人口的人；认定名单未到或过期时为空，综合贫困发生率也为空，不能当作没有。
-- Tie-breaks: 批次取数据日期最晚、收到时间最晚、批次号最大的一批。
WITH feed AS (
  SELECT
    coalesce(bool_or(feed = 'registry_household'), FALSE) AND coalesce(bool_or(feed = 'registry_person'), FALSE) AS has_registry,
    coalesce(bool_or(feed = 'exit_finding'), FALSE) AS has_finding
  FROM ref.feed_state
  WHERE is_present AND NOT is_stale
),
batch AS (
  SELECT
    feed, batch_id,
    row_number() OVER (PARTITION BY feed ORDER BY as_of DESC, received_at DESC, batch_id DESC) AS choice
  FROM ops.batch
  WHERE state = 'merged' AND feed IN ('registry_household', 'registry_person')
),
newest AS (
  SELECT
    max(CASE WHEN feed = 'registry_household' THEN batch_id END) AS household_batch_id,
    max(CASE WHEN feed = 'registry_person' THEN batch_id END) AS person_batch_id
  FROM batch
  WHERE choice = 1
),
person AS (
  SELECT
    coalesce(status.village_code, '不详') AS village_code,
    count(*) AS listed_persons,
    count(*) FILTER (WHERE status.poverty_status_code IN ('0', '2')) AS not_exited_persons,
    count(*) FILTER (WHERE status.poverty_status_code = '3') AS returned_persons,
    count(*) FILTER (WHERE status.poverty_status_code = '1') AS exited_enjoying_persons,
    count(*) FILTER (WHERE status.poverty_status_code = '4') AS exited_released_persons,
    count(*) FILTER (WHERE status.is_poor IS NULL) AS unknown_count,
    count(*) FILTER (WHERE household.identified_year = extract(YEAR FROM run.as_of)) AS newly_listed_persons
  FROM mart.person_status AS status
  CROSS JOIN ref.run AS run
  LEFT JOIN mart.household_status AS household ON household.household_id = status.household_id
  GROUP BY coalesce(status.village_code, '不详')
),
household AS (
  SELECT
    coalesce(village_code, '不详') AS village_code,
    count(*) AS listed_households,
    count(*) FILTER (WHERE is_poor) AS poor_households
  FROM mart.household_status
  GROUP BY coalesce(village_code, '不详')
),
finding AS (
  SELECT
    coalesce(found.village_code, '不详') AS village_code,
    count(DISTINCT CASE WHEN found.finding_kind_code = '1' THEN found.person_key END) AS missed_persons,
    count(DISTINCT CASE WHEN found.finding_kind_code = '2' THEN found.person_key END) AS wrongly_exited_persons
  FROM core.exit_finding_now AS found
  LEFT JOIN mart.person_status AS status ON status.person_key = found.person_key
  WHERE NOT coalesce(found.is_corrected, FALSE) AND NOT coalesce(status.is_poor, FALSE)
  GROUP BY coalesce(found.village_code, '不详')
),
place AS (
  SELECT village_code FROM mart.village_incidence
  UNION
  SELECT village_code FROM person
  UNION
  SELECT village_code FROM household
  UNION
  SELECT village_code FROM finding
),
village AS (
  SELECT
    place.village_code,
    incidence.denominator AS rural_population,
    CASE WHEN incidence.denominator IS NULL AND place.village_code <> '不详' THEN 1 ELSE 0 END AS without_denominator,
    coalesce(household.listed_households, 0) AS listed_households,
    coalesce(household.poor_households, 0) AS poor_households,
    coalesce(person.listed_persons, 0) AS listed_persons,
    coalesce(person.not_exited_persons, 0) AS not_exited_persons,
    coalesce(person.returned_persons, 0) AS returned_persons,
    coalesce(person.exited_enjoying_persons, 0) AS exited_enjoying_persons,
    coalesce(person.exited_released_persons, 0) AS exited_released_persons,
    coalesce(person.unknown_count, 0) AS unknown_count,
    coalesce(person.newly_listed_persons, 0) AS newly_listed_persons,
    coalesce(finding.missed_persons, 0) AS missed_persons,
    coalesce(finding.wrongly_exited_persons, 0) AS wrongly_exited_persons
  FROM place
  LEFT JOIN mart.village_incidence AS incidence ON incidence.village_code = place.village_code
  LEFT JOIN person ON person.village_code = place.village_code
  LEFT JOIN household ON household.village_code = place.village_code
  LEFT JOIN finding ON finding.village_code = place.village_code
),
area AS (
  SELECT '村' AS area_level, village_code AS area_code, village.* FROM village
  UNION ALL
  SELECT '乡' AS area_level, substr(village_code, 1, 9) AS area_code, village.* FROM village
  UNION ALL
  SELECT '县' AS area_level, substr(village_code, 1, 6) AS area_code, village.* FROM village
),
line AS (
  SELECT line.line_code, line.poverty_line_yuan
  FROM core.poverty_line AS line
  CROSS JOIN ref.run AS run
  WHERE line.line_code = 'LINE_NAT_WORK' AND line.stat_year = extract(YEAR FROM run.as_of)
),
summed AS (
  SELECT
    area_level, area_code,
    CASE WHEN sum(without_denominator) = 0 THEN CAST(sum(rural_population) AS BIGINT) END AS rural_population,
    CAST(sum(listed_households) AS BIGINT) AS listed_households,
    CAST(sum(poor_households) AS BIGINT) AS poor_households,
    CAST(sum(listed_persons) AS BIGINT) AS listed_persons,
    CAST(sum(not_exited_persons) AS BIGINT) AS not_exited_persons,
    CAST(sum(returned_persons) AS BIGINT) AS returned_persons,
    CAST(sum(exited_enjoying_persons) AS BIGINT) AS exited_enjoying_persons,
    CAST(sum(exited_released_persons) AS BIGINT) AS exited_released_persons,
    CAST(sum(unknown_count) AS BIGINT) AS unknown_count,
    CAST(sum(newly_listed_persons) AS BIGINT) AS newly_listed_persons,
    CAST(sum(missed_persons) AS BIGINT) AS missed_persons,
    CAST(sum(wrongly_exited_persons) AS BIGINT) AS wrongly_exited_persons
  FROM area
  GROUP BY area_level, area_code
),
known AS (
  SELECT
    summed.area_level, summed.area_code, summed.rural_population,
    CASE WHEN feed.has_registry THEN summed.listed_households END AS listed_households,
    CASE WHEN feed.has_registry THEN summed.poor_households END AS poor_households,
    CASE WHEN feed.has_registry THEN summed.listed_persons END AS listed_persons,
    CASE WHEN feed.has_registry THEN summed.not_exited_persons END AS not_exited_persons,
    CASE WHEN feed.has_registry THEN summed.returned_persons END AS returned_persons,
    CASE WHEN feed.has_registry THEN summed.exited_enjoying_persons END AS exited_enjoying_persons,
    CASE WHEN feed.has_registry THEN summed.exited_released_persons END AS exited_released_persons,
    CASE WHEN feed.has_registry THEN summed.unknown_count END AS unknown_count,
    CASE WHEN feed.has_registry THEN summed.newly_listed_persons END AS newly_listed_persons,
    CASE WHEN feed.has_registry AND feed.has_finding THEN summed.missed_persons END AS missed_persons,
    CASE WHEN feed.has_registry AND feed.has_finding THEN summed.wrongly_exited_persons END AS wrongly_exited_persons
  FROM summed
  CROSS JOIN feed
)
SELECT
  known.area_level,
  known.area_code,
  area_name.area,
  run.as_of,
  known.rural_population,
  known.listed_households,
  known.listed_persons,
  known.not_exited_persons,
  known.returned_persons,
  known.exited_enjoying_persons,
  known.exited_released_persons,
  known.unknown_count,
  known.newly_listed_persons,
  known.poor_households,
  known.not_exited_persons + known.returned_persons AS poor_persons,
  known.missed_persons,
  known.wrongly_exited_persons,
  CASE
    WHEN known.rural_population > 0
      THEN CAST(CAST(known.not_exited_persons + known.returned_persons AS DOUBLE) / known.rural_population AS DECIMAL(12, 8))
  END AS incidence,
  CASE
    WHEN known.rural_population > 0
      THEN CAST(
        CAST(known.not_exited_persons + known.returned_persons + known.missed_persons + known.wrongly_exited_persons AS DOUBLE)
        / known.rural_population AS DECIMAL(12, 8)
      )
  END AS comprehensive_incidence,
  line.line_code,
  line.poverty_line_yuan,
  newest.household_batch_id,
  newest.person_batch_id
FROM known
CROSS JOIN ref.run AS run
CROSS JOIN newest
LEFT JOIN line ON TRUE
LEFT JOIN ref.area AS area_name ON area_name.area_level = known.area_level AND area_name.area_code = known.area_code
