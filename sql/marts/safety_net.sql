-- mart.safety_net
-- 兜底保障：县、乡、村三级，建档与低保双向纳入四格表，养老保险代缴应代、已代、漏代、错代，残疾人两项补贴应发、已发、漏发、错发，康复服务覆盖率，低保标准与省线。
-- Grain: one row per area level and area, of the run's month.
-- 政策依据: 北委发〔2019〕5号 二(一)5、二(三)2–3、三(二)1；人社部发〔2017〕59号；国发〔2015〕52号。
-- Inputs: core.member, core.safety_net_figure, core.safety_net_ready, ref.parameter, ref.run, ref.area.
-- Limits: 恒等式: rural_people = registered_allowance + registered_only + allowance_only + neither_count；premium_due = premium_paid +
--   premium_missed + premium_unknown；living_due = living_paid + living_missed + living_unknown；nursing_due 同。所需数据源未到或过期的数字为空，
--   不是零。premium_wrong、nursing_wrong 在应发之外。service_rate = service_done ÷ service_due，保留 8 位小数，没有应服务的人时为空；等于目标为达标。
--   allowance_line_state 只有县一级的意义，各级相同。村代码不详的归入“不详”。
-- Tie-breaks: none (counts only).
WITH parameter AS (
  SELECT
    max(CASE WHEN parameter.code = 'REHAB_RATE' THEN parameter.value END) AS rehab_rate_target,
    max(CASE WHEN parameter.code = 'ALLOWANCE_STANDARD' THEN parameter.value END) AS allowance_standard_yuan,
    max(CASE WHEN parameter.code = 'LINE_PROV_LN' THEN parameter.value END) AS provincial_line
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
listed AS (
  SELECT coalesce(village_code, '不详') AS village_code, figure
  FROM core.safety_net_figure
  UNION ALL
  SELECT coalesce(village_code, '不详') AS village_code, 'none' AS figure
  FROM core.member
  GROUP BY coalesce(village_code, '不详')
),
village_count AS (
  SELECT
    village_code,
    count(*) FILTER (WHERE figure = 'rural_people') AS rural_people,
    count(*) FILTER (WHERE figure = 'registered_allowance') AS registered_allowance,
    count(*) FILTER (WHERE figure = 'registered_only') AS registered_only,
    count(*) FILTER (WHERE figure = 'allowance_only') AS allowance_only,
    count(*) FILTER (WHERE figure = 'hardship_count') AS hardship_count,
    count(*) FILTER (WHERE figure = 'premium_due') AS premium_due,
    count(*) FILTER (WHERE figure = 'premium_paid') AS premium_paid,
    count(*) FILTER (WHERE figure = 'premium_missed') AS premium_missed,
    count(*) FILTER (WHERE figure = 'premium_unknown') AS premium_unknown,
    count(*) FILTER (WHERE figure = 'premium_wrong') AS premium_wrong,
    count(*) FILTER (WHERE figure = 'living_due') AS living_due,
    count(*) FILTER (WHERE figure = 'living_paid') AS living_paid,
    count(*) FILTER (WHERE figure = 'living_missed') AS living_missed,
    count(*) FILTER (WHERE figure = 'living_unknown') AS living_unknown,
    count(*) FILTER (WHERE figure = 'nursing_due') AS nursing_due,
    count(*) FILTER (WHERE figure = 'nursing_paid') AS nursing_paid,
    count(*) FILTER (WHERE figure = 'nursing_missed') AS nursing_missed,
    count(*) FILTER (WHERE figure = 'nursing_unknown') AS nursing_unknown,
    count(*) FILTER (WHERE figure = 'nursing_wrong') AS nursing_wrong,
    count(*) FILTER (WHERE figure = 'service_due') AS service_due,
    count(*) FILTER (WHERE figure = 'service_done') AS service_done
  FROM listed
  GROUP BY village_code
),
area_count AS (
  SELECT '村' AS area_level, village_code AS area_code, village_count.* FROM village_count
  UNION ALL
  SELECT '乡' AS area_level, substr(village_code, 1, 9) AS area_code, village_count.* FROM village_count
  UNION ALL
  SELECT '县' AS area_level, substr(village_code, 1, 6) AS area_code, village_count.* FROM village_count
),
summed AS (
  SELECT
    area_count.area_level,
    area_count.area_code,
    CAST(sum(area_count.rural_people) AS BIGINT) AS rural_people,
    CAST(sum(area_count.registered_allowance) AS BIGINT) AS registered_allowance,
    CAST(sum(area_count.registered_only) AS BIGINT) AS registered_only,
    CAST(sum(area_count.allowance_only) AS BIGINT) AS allowance_only,
    CAST(sum(area_count.hardship_count) AS BIGINT) AS hardship_count,
    CAST(sum(area_count.premium_due) AS BIGINT) AS premium_due,
    CAST(sum(area_count.premium_paid) AS BIGINT) AS premium_paid,
    CAST(sum(area_count.premium_missed) AS BIGINT) AS premium_missed,
    CAST(sum(area_count.premium_unknown) AS BIGINT) AS premium_unknown,
    CAST(sum(area_count.premium_wrong) AS BIGINT) AS premium_wrong,
    CAST(sum(area_count.living_due) AS BIGINT) AS living_due,
    CAST(sum(area_count.living_paid) AS BIGINT) AS living_paid,
    CAST(sum(area_count.living_missed) AS BIGINT) AS living_missed,
    CAST(sum(area_count.living_unknown) AS BIGINT) AS living_unknown,
    CAST(sum(area_count.nursing_due) AS BIGINT) AS nursing_due,
    CAST(sum(area_count.nursing_paid) AS BIGINT) AS nursing_paid,
    CAST(sum(area_count.nursing_missed) AS BIGINT) AS nursing_missed,
    CAST(sum(area_count.nursing_unknown) AS BIGINT) AS nursing_unknown,
    CAST(sum(area_count.nursing_wrong) AS BIGINT) AS nursing_wrong,
    CAST(sum(area_count.service_due) AS BIGINT) AS service_due,
    CAST(sum(area_count.service_done) AS BIGINT) AS service_done
  FROM area_count
  GROUP BY area_count.area_level, area_count.area_code
)
SELECT
  summed.area_level,
  summed.area_code,
  area_name.area,
  CAST(date_trunc('month', run.as_of) AS DATE) AS stat_month,
  CASE WHEN ready.has_registry THEN summed.rural_people END AS rural_people,
  CASE WHEN ready.has_registry AND ready.has_allowance THEN summed.registered_allowance END AS registered_allowance,
  CASE WHEN ready.has_registry AND ready.has_allowance THEN summed.registered_only END AS registered_only,
  CASE WHEN ready.has_registry AND ready.has_allowance THEN summed.allowance_only END AS allowance_only,
  CASE
    WHEN ready.has_registry AND ready.has_allowance
      THEN summed.rural_people - summed.registered_allowance - summed.registered_only - summed.allowance_only
  END AS neither_count,
  CASE WHEN ready.has_hardship THEN summed.hardship_count END AS hardship_count,
  CASE WHEN ready.has_premium THEN summed.premium_due END AS premium_due,
  CASE WHEN ready.has_premium THEN summed.premium_paid END AS premium_paid,
  CASE WHEN ready.has_premium THEN summed.premium_missed END AS premium_missed,
  CASE WHEN ready.has_premium THEN summed.premium_unknown END AS premium_unknown,
  CASE WHEN ready.has_premium_ground THEN summed.premium_wrong END AS premium_wrong,
  CASE WHEN ready.has_living THEN summed.living_due END AS living_due,
  CASE WHEN ready.has_living THEN summed.living_paid END AS living_paid,
  CASE WHEN ready.has_living THEN summed.living_missed END AS living_missed,
  CASE WHEN ready.has_living THEN summed.living_unknown END AS living_unknown,
  CASE WHEN ready.has_nursing THEN summed.nursing_due END AS nursing_due,
  CASE WHEN ready.has_nursing THEN summed.nursing_paid END AS nursing_paid,
  CASE WHEN ready.has_nursing THEN summed.nursing_missed END AS nursing_missed,
  CASE WHEN ready.has_nursing THEN summed.nursing_unknown END AS nursing_unknown,
  CASE WHEN ready.has_nursing THEN summed.nursing_wrong END AS nursing_wrong,
  CASE WHEN ready.has_service THEN summed.service_due END AS service_due,
  CASE WHEN ready.has_service THEN summed.service_done END AS service_done,
  CASE
    WHEN ready.has_service AND summed.service_due > 0 THEN CAST(CAST(summed.service_done AS DOUBLE) / summed.service_due AS DECIMAL(12, 8))
  END AS service_rate,
  parameter.rehab_rate_target,
  CASE
    WHEN parameter.rehab_rate_target IS NULL THEN '参数缺失'
    WHEN NOT ready.has_service OR summed.service_due = 0 THEN '无法判定'
    WHEN summed.service_done >= parameter.rehab_rate_target * summed.service_due THEN '达标'
    ELSE '不达标'
  END AS service_state,
  parameter.allowance_standard_yuan,
  parameter.provincial_line,
  CASE
    WHEN parameter.allowance_standard_yuan IS NULL OR parameter.provincial_line IS NULL THEN '参数缺失'
    WHEN parameter.allowance_standard_yuan < parameter.provincial_line THEN '低于'
    ELSE '不低于'
  END AS allowance_line_state
FROM summed
CROSS JOIN ref.run
CROSS JOIN parameter
CROSS JOIN core.safety_net_ready AS ready
LEFT JOIN ref.area AS area_name ON area_name.area_level = summed.area_level AND area_name.area_code = summed.area_code
