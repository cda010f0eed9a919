-- mart.village_income
-- 村农民人均收入：每个村当年与 2010 年的收入和口径、倍数、增幅与全市平均的比较，口径不同的不相除，名义和实际分列。
-- Grain: one row per village (village_code), for the year of its record.
-- 政策依据: 北委发〔2019〕5号 一(三) “贫困村农民人均可支配收入比2010年翻一番以上，增长幅度高于全市平均”。
-- Inputs: core.village_now, ref.parameter, ref.feed_state, ref.run.
-- Limits: 表头为可支配收入而未注明口径的当年收入按可支配收入；2010 年收入必须注明口径，没有注明或口径不同为“无法判定”。
--   全市平均倍数 = 可比各村按农村户籍人口加权的收入之比，只含两年口径相同的村。实际倍数用参数 CPI_2010（2010 年 = 1）折算，未录入为“参数缺失”。
--   恰好翻一番为达标（“以上”含本数），恰好等于全市平均不算高于。
-- Tie-breaks: none; one row per village.
WITH parameter AS (
  SELECT
    max(CASE WHEN parameter.code = 'INCOME_X' THEN parameter.value END) AS wanted_ratio,
    max(CASE WHEN parameter.code = 'CPI_2010' THEN parameter.value END) AS price_index
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
feed AS (
  SELECT coalesce(bool_or(feed = 'village'), FALSE) AS has_village FROM ref.feed_state WHERE is_present AND NOT is_stale
),
told AS (
  SELECT
    village.village_code, village.village, village.town, village.is_poor_village,
    CAST(extract(YEAR FROM village.data_date) AS BIGINT) AS stat_year,
    village.rural_person_count,
    village.income_per_head_yuan AS village_income_yuan,
    CASE coalesce(village.income_basis_code, '1') WHEN '1' THEN '可支配收入' WHEN '2' THEN '纯收入' END AS village_income_basis,
    village.base_income_per_head_yuan AS base_income_yuan,
    CASE village.base_income_basis_code WHEN '1' THEN '可支配收入' WHEN '2' THEN '纯收入' END AS base_income_basis
  FROM core.village_now AS village
),
compared AS (
  SELECT
    told.*,
    coalesce(village_income_yuan > 0 AND base_income_yuan > 0 AND village_income_basis = base_income_basis, FALSE) AS is_comparable
  FROM told
),
county AS (
  SELECT
    CAST(sum(CAST(rural_person_count AS DOUBLE) * village_income_yuan) / sum(CAST(rural_person_count AS DOUBLE) * base_income_yuan) AS DECIMAL(18, 8))
      AS county_income_ratio
  FROM compared
  WHERE is_comparable AND rural_person_count > 0
)
SELECT
  compared.village_code,
  compared.village,
  substr(compared.village_code, 1, 9) AS town_code,
  compared.town,
  compared.is_poor_village,
  compared.stat_year,
  compared.village_income_yuan,
  compared.village_income_basis,
  compared.base_income_yuan,
  compared.base_income_basis,
  CASE WHEN compared.is_comparable THEN CAST(CAST(compared.village_income_yuan AS DOUBLE) / compared.base_income_yuan AS DECIMAL(18, 8)) END AS income_ratio,
  CASE
    WHEN compared.is_comparable AND parameter.price_index > 0
      THEN CAST(CAST(compared.village_income_yuan AS DOUBLE) / compared.base_income_yuan / parameter.price_index AS DECIMAL(18, 8))
  END AS income_real_ratio,
  county.county_income_ratio,
  CASE
    WHEN NOT feed.has_village OR NOT compared.is_comparable THEN '无法判定'
    WHEN parameter.wanted_ratio IS NULL THEN '参数缺失'
    WHEN compared.village_income_yuan >= parameter.wanted_ratio * compared.base_income_yuan THEN '达标'
    ELSE '不达标'
  END AS doubled_state,
  CASE
    WHEN NOT feed.has_village OR NOT compared.is_comparable THEN '无法判定'
    WHEN parameter.wanted_ratio IS NULL OR parameter.price_index IS NULL THEN '参数缺失'
    WHEN compared.village_income_yuan >= parameter.wanted_ratio * compared.base_income_yuan * parameter.price_index THEN '达标'
    ELSE '不达标'
  END AS doubled_real_state,
  CASE
    WHEN NOT feed.has_village OR NOT compared.is_comparable OR county.county_income_ratio IS NULL THEN '无法判定'
    WHEN CAST(CAST(compared.village_income_yuan AS DOUBLE) / compared.base_income_yuan AS DECIMAL(18, 8)) > county.county_income_ratio THEN '高于'
    ELSE '不高于'
  END AS growth_state,
  CASE
    WHEN compared.village_income_yuan IS NULL THEN '没有当年收入'
    WHEN compared.base_income_yuan IS NULL THEN '没有 2010 年收入'
    WHEN compared.base_income_basis IS NULL THEN '2010 年收入没有注明口径'
    WHEN compared.village_income_basis <> compared.base_income_basis THEN '两年口径不同，不能相除'
    WHEN NOT compared.is_comparable THEN '收入为零，不能相除'
    ELSE '口径相同'
  END AS income_basis_note
FROM compared
CROSS JOIN parameter
CROSS JOIN feed
CROSS JOIN county
