-- mart.multidimensional_poverty
-- 多维贫困（Alkire–Foster）：县、乡、村三级，三个临界值 k 下的贫困发生率 H、平均剥夺份额 A、多维贫困指数 M0，缺失份额和上界。
-- Grain: one row per area level, area and cutoff (mpi_cutoff), on the run date.
-- 政策依据: 北委发〔2019〕5号 三(一)3 “两不愁、三保障”；Alkire–Foster 计数法，指标和权重在 ref.mpi_indicator。
-- Inputs: core.deprivation_score, ref.area.
-- Limits: 只有建档立卡人口，按人加权；加权剥夺份额达到 k（含恰好等于）为多维贫困，用整数比较。缺失不算剥夺，因此 H、M0 是下界；
--   把缺失全算剥夺得出上界 mpi_headcount_upper、mpi_m0_upper。普查数据，没有抽样误差。M0 = H × A。
-- Tie-breaks: none (sums only).
WITH cutoff AS (
  SELECT '1/4' AS mpi_cutoff, 4 AS parts
  UNION ALL
  SELECT '1/3' AS mpi_cutoff, 3 AS parts
  UNION ALL
  SELECT '1/2' AS mpi_cutoff, 2 AS parts
),
judged AS (
  SELECT
    unit.village_code, cutoff.mpi_cutoff, unit.person_count, unit.weight_total, unit.score, unit.missing_weight,
    unit.score * cutoff.parts >= unit.weight_total AS is_deprived_enough,
    (unit.score + unit.missing_weight) * cutoff.parts >= unit.weight_total AS is_perhaps_deprived_enough
  FROM core.deprivation_score AS unit
  CROSS JOIN cutoff
),
village_sum AS (
  SELECT
    village_code, mpi_cutoff,
    sum(person_count) AS persons,
    sum(person_count * weight_total) AS weights,
    sum(person_count * missing_weight) AS missing_weights,
    sum(CASE WHEN is_deprived_enough THEN person_count ELSE 0 END) AS poor,
    sum(CASE WHEN is_deprived_enough THEN person_count * weight_total ELSE 0 END) AS poor_weights,
    sum(CASE WHEN is_deprived_enough THEN person_count * score ELSE 0 END) AS censored,
    sum(CASE WHEN is_perhaps_deprived_enough THEN person_count ELSE 0 END) AS poor_upper,
    sum(CASE WHEN is_perhaps_deprived_enough THEN person_count * (score + missing_weight) ELSE 0 END) AS censored_upper
  FROM judged
  GROUP BY village_code, mpi_cutoff
),
area_row AS (
  SELECT '村' AS area_level, village_code AS area_code, village_sum.* FROM village_sum
  UNION ALL
  SELECT '乡' AS area_level, substr(village_code, 1, 9) AS area_code, village_sum.* FROM village_sum
  UNION ALL
  SELECT '县' AS area_level, substr(village_code, 1, 6) AS area_code, village_sum.* FROM village_sum
),
summed AS (
  SELECT
    area_level, area_code, mpi_cutoff,
    CAST(sum(persons) AS BIGINT) AS persons, sum(weights) AS weights, sum(missing_weights) AS missing_weights,
    CAST(sum(poor) AS BIGINT) AS poor, sum(poor_weights) AS poor_weights, sum(censored) AS censored,
    CAST(sum(poor_upper) AS BIGINT) AS poor_upper, sum(censored_upper) AS censored_upper
  FROM area_row
  GROUP BY area_level, area_code, mpi_cutoff
)
SELECT
  summed.area_level,
  summed.area_code,
  area_name.area,
  summed.mpi_cutoff,
  summed.persons AS population_persons,
  summed.poor AS mpi_poor_persons,
  CASE WHEN summed.persons > 0 THEN CAST(CAST(summed.poor AS DOUBLE) / summed.persons AS DECIMAL(18, 12)) END AS mpi_headcount,
  CASE WHEN summed.poor > 0 THEN CAST(CAST(summed.censored AS DOUBLE) / summed.poor_weights AS DECIMAL(18, 12)) END AS mpi_intensity,
  CASE WHEN summed.weights > 0 THEN CAST(CAST(summed.censored AS DOUBLE) / summed.weights AS DECIMAL(18, 12)) END AS mpi_m0,
  CASE WHEN summed.weights > 0 THEN CAST(CAST(summed.missing_weights AS DOUBLE) / summed.weights AS DECIMAL(12, 8)) END AS mpi_missing_share,
  CASE WHEN summed.persons > 0 THEN CAST(CAST(summed.poor_upper AS DOUBLE) / summed.persons AS DECIMAL(18, 12)) END AS mpi_headcount_upper,
  CASE WHEN summed.weights > 0 THEN CAST(CAST(summed.censored_upper AS DOUBLE) / summed.weights AS DECIMAL(18, 12)) END AS mpi_m0_upper
FROM summed
LEFT JOIN ref.area AS area_name ON area_name.area_level = summed.area_level AND area_name.area_code = summed.area_code
