-- mart.guarantee_coverage
-- 两不愁三保障覆盖情况：县、乡、村三级，每个保障项目应保、已保、未保、不适用、无数据各多少，覆盖率多少。
-- Grain: one row per area level, area and dimension.
-- 政策依据: 北委发〔2019〕5号 三(一)3 “两不愁、三保障”；“无数据”不能算作达标。
-- Inputs: mart.person_status, mart.household_status, ref.area.
-- Limits: 只统计建档立卡人口（户）。恒等式: due = covered + not_covered + no_data；total = due + not_applicable。参数缺失计入无数据。
--   不愁吃、不愁穿只认有效期内的入户核查。养老保险不属于三保障，为便于比较一并列出。村代码不详的归入“不详”。
--   rate = covered ÷ due，保留 8 位小数；due 为 0 时为空。
-- Tie-breaks: none (counts only).
WITH person_count AS (
  SELECT
    coalesce(village_code, '不详') AS village_code,
    count(*) AS total,
    count(*) FILTER (WHERE schooling_state = '有') AS education_yes,
    count(*) FILTER (WHERE schooling_state = '无') AS education_no,
    count(*) FILTER (WHERE schooling_state = '不适用') AS education_not_due,
    count(*) FILTER (WHERE health_insurance_state = '有') AS health_yes,
    count(*) FILTER (WHERE health_insurance_state = '无') AS health_no,
    count(*) FILTER (WHERE health_insurance_state = '不适用') AS health_not_due,
    count(*) FILTER (WHERE pension_state = '有') AS pension_yes,
    count(*) FILTER (WHERE pension_state = '无') AS pension_no,
    count(*) FILTER (WHERE pension_state = '不适用') AS pension_not_due
  FROM mart.person_status
  GROUP BY coalesce(village_code, '不详')
),
household_count AS (
  SELECT
    coalesce(village_code, '不详') AS village_code,
    count(*) AS total,
    count(*) FILTER (WHERE housing_state = '有') AS housing_yes,
    count(*) FILTER (WHERE housing_state = '无') AS housing_no,
    count(*) FILTER (WHERE housing_state = '不适用') AS housing_not_due,
    count(*) FILTER (WHERE food_state = '有') AS food_yes,
    count(*) FILTER (WHERE food_state = '无') AS food_no,
    count(*) FILTER (WHERE clothing_state = '有') AS clothing_yes,
    count(*) FILTER (WHERE clothing_state = '无') AS clothing_no,
    count(*) FILTER (WHERE water_state = '有') AS water_yes,
    count(*) FILTER (WHERE water_state = '无') AS water_no,
    count(*) FILTER (WHERE water_state = '不适用') AS water_not_due
  FROM mart.household_status
  GROUP BY coalesce(village_code, '不详')
),
village_count AS (
  SELECT village_code, 1 AS dimension_no, '不愁吃' AS dimension, '户' AS unit, total, food_yes AS covered, food_no AS not_covered, 0 AS not_applicable
  FROM household_count
  UNION ALL
  SELECT village_code, 2 AS dimension_no, '不愁穿' AS dimension, '户' AS unit, total, clothing_yes AS covered, clothing_no AS not_covered, 0 AS not_applicable
  FROM household_count
  UNION ALL
  SELECT village_code, 3 AS dimension_no, '饮水安全' AS dimension, '户' AS unit, total, water_yes, water_no, water_not_due
  FROM household_count
  UNION ALL
  SELECT village_code, 4 AS dimension_no, '义务教育' AS dimension, '人' AS unit, total, education_yes, education_no, education_not_due
  FROM person_count
  UNION ALL
  SELECT village_code, 5 AS dimension_no, '基本医疗' AS dimension, '人' AS unit, total, health_yes, health_no, health_not_due
  FROM person_count
  UNION ALL
  SELECT village_code, 6 AS dimension_no, '住房安全' AS dimension, '户' AS unit, total, housing_yes, housing_no, housing_not_due
  FROM household_count
  UNION ALL
  SELECT village_code, 7 AS dimension_no, '养老保险' AS dimension, '人' AS unit, total, pension_yes, pension_no, pension_not_due
  FROM person_count
),
area_count AS (
  SELECT '村' AS area_level, village_code AS area_code, dimension_no, dimension, unit, total, covered, not_covered, not_applicable
  FROM village_count
  UNION ALL
  SELECT '乡' AS area_level, substr(village_code, 1, 9) AS area_code, dimension_no, dimension, unit, total, covered, not_covered, not_applicable
  FROM village_count
  UNION ALL
  SELECT '县' AS area_level, substr(village_code, 1, 6) AS area_code, dimension_no, dimension, unit, total, covered, not_covered, not_applicable
  FROM village_count
),
summed AS (
  SELECT
    area_level, area_code, dimension_no, dimension, unit,
    CAST(sum(total) AS BIGINT) AS total,
    CAST(sum(covered) AS BIGINT) AS covered,
    CAST(sum(not_covered) AS BIGINT) AS not_covered,
    CAST(sum(not_applicable) AS BIGINT) AS not_applicable
  FROM area_count
  GROUP BY area_level, area_code, dimension_no, dimension, unit
)
SELECT
  summed.area_level,
  summed.area_code,
  area_name.area,
  summed.dimension_no,
  summed.dimension,
  summed.unit,
  summed.total,
  summed.total - summed.not_applicable AS due,
  summed.covered,
  summed.not_covered,
  summed.not_applicable,
  summed.total - summed.not_applicable - summed.covered - summed.not_covered AS no_data,
  CASE
    WHEN summed.total > summed.not_applicable
      THEN CAST(CAST(summed.covered AS DOUBLE) / (summed.total - summed.not_applicable) AS DECIMAL(12, 8))
  END AS rate
FROM summed
LEFT JOIN ref.area AS area_name ON area_name.area_level = summed.area_level AND area_name.area_code = summed.area_code
