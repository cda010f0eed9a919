-- mart.multidimensional_poverty_indicator
-- 多维贫困的分项：县、乡、村三级，每个临界值、每个指标的未删减和删减后剥夺率、对 M0 的贡献、缺失份额。
-- Grain: one row per area level, area, cutoff (mpi_cutoff) and indicator, on the run date.
-- 政策依据: 北委发〔2019〕5号 三(一)3 “两不愁、三保障”；Alkire–Foster 计数法，指标和权重在 ref.mpi_indicator。
-- Inputs: core.deprivation, core.deprivation_score, ref.mpi_indicator, ref.area.
-- Limits: 只有建档立卡人口，按人加权。未删减为所有被剥夺的人，删减后只算多维贫困的人。mpi_contribution 之和为 1（没有多维贫困的人时为空）。缺失不算剥夺。
-- Tie-breaks: none (sums only).
WITH flagged AS (
  SELECT
    coalesce(item.village_code, '不详') AS village_code, item.mpi_indicator_no, item.mpi_weight, item.person_count, item.is_deprived,
    unit.score * 4 >= unit.weight_total AS is_poor_quarter,
    unit.score * 3 >= unit.weight_total AS is_poor_third,
    unit.score * 2 >= unit.weight_total AS is_poor_half
  FROM core.deprivation AS item
  INNER JOIN core.deprivation_score AS unit ON unit.household_id = item.household_id
),
village_item AS (
  SELECT
    village_code, mpi_indicator_no, mpi_weight,
    sum(person_count) AS persons,
    sum(CASE WHEN is_deprived THEN person_count ELSE 0 END) AS deprived,
    sum(CASE WHEN is_deprived IS NULL THEN person_count ELSE 0 END) AS missing,
    sum(CASE WHEN is_deprived AND is_poor_quarter THEN person_count ELSE 0 END) AS censored_quarter,
    sum(CASE WHEN is_deprived AND is_poor_third THEN person_count ELSE 0 END) AS censored_third,
    sum(CASE WHEN is_deprived AND is_poor_half THEN person_count ELSE 0 END) AS censored_half
  FROM flagged
  GROUP BY village_code, mpi_indicator_no, mpi_weight
),
village_cut AS (
  SELECT village_code, mpi_indicator_no, mpi_weight, persons, deprived, missing, '1/4' AS mpi_cutoff, censored_quarter AS censored FROM village_item
  UNION ALL
  SELECT village_code, mpi_indicator_no, mpi_weight, persons, deprived, missing, '1/3' AS mpi_cutoff, censored_third AS censored FROM village_item
  UNION ALL
  SELECT village_code, mpi_indicator_no, mpi_weight, persons, deprived, missing, '1/2' AS mpi_cutoff, censored_half AS censored FROM village_item
),
area_row AS (
  SELECT '村' AS area_level, village_code AS area_code, village_cut.* FROM village_cut
  UNION ALL
  SELECT '乡' AS area_level, substr(village_code, 1, 9) AS area_code, village_cut.* FROM village_cut
  UNION ALL
  SELECT '县' AS area_level, substr(village_code, 1, 6) AS area_code, village_cut.* FROM village_cut
),
summed AS (
  SELECT
    area_level, area_code, mpi_cutoff, mpi_indicator_no, mpi_weight,
    CAST(sum(persons) AS BIGINT) AS persons, CAST(sum(deprived) AS BIGINT) AS deprived, CAST(sum(missing) AS BIGINT) AS missing,
    CAST(sum(censored) AS BIGINT) AS censored
  FROM area_row
  GROUP BY area_level, area_code, mpi_cutoff, mpi_indicator_no, mpi_weight
),
whole AS (
  SELECT area_level, area_code, mpi_cutoff, sum(mpi_weight * censored) AS weighted FROM summed GROUP BY area_level, area_code, mpi_cutoff
)
SELECT
  summed.area_level,
  summed.area_code,
  area_name.area,
  summed.mpi_cutoff,
  summed.mpi_indicator_no,
  indicator.mpi_indicator,
  indicator.mpi_dimension,
  summed.mpi_weight,
  summed.persons AS population_persons,
  summed.deprived AS deprived_persons,
  summed.censored AS deprived_poor_persons,
  summed.missing AS deprivation_missing_persons,
  CASE WHEN summed.persons > 0 THEN CAST(CAST(summed.deprived AS DOUBLE) / summed.persons AS DECIMAL(18, 12)) END AS uncensored_headcount,
  CASE WHEN summed.persons > 0 THEN CAST(CAST(summed.censored AS DOUBLE) / summed.persons AS DECIMAL(18, 12)) END AS censored_headcount,
  CASE WHEN whole.weighted > 0 THEN CAST(CAST(summed.mpi_weight * summed.censored AS DOUBLE) / whole.weighted AS DECIMAL(18, 12)) END
    AS mpi_contribution,
  CASE WHEN summed.persons > 0 THEN CAST(CAST(summed.missing AS DOUBLE) / summed.persons AS DECIMAL(12, 8)) END AS mpi_missing_share
FROM summed
INNER JOIN whole ON whole.area_level = summed.area_level AND whole.area_code = summed.area_code AND whole.mpi_cutoff = summed.mpi_cutoff
LEFT JOIN ref.mpi_indicator AS indicator ON indicator.mpi_indicator_no = summed.mpi_indicator_no
LEFT JOIN ref.area AS area_name ON area_name.area_level = summed.area_level AND area_name.area_code = summed.area_code
