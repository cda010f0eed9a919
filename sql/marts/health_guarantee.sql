-- mart.health_guarantee
-- 健康保障：县、乡、村三级，建档立卡人口参保、资助参保、住院费用各层支付和个人负担、实际报销比例、灾难性支出户、大病救治和慢病签约。
-- Grain: one row per area level, area and year (运行日所在年度)。
-- 政策依据: 北委发〔2019〕5号 二(一)3 “基本医疗保险、大病保险、医疗救助和医疗补充保险等多重保障”；国卫财务发〔2017〕19号 “三个一批”。
-- Inputs: mart.person_status, mart.household_status, core.insured, core.inpatient, core.disease_now, core.registry_household_now, ref.parameter, ref.feed_state, ref.run, ref.area.
-- Limits: 只统计建档立卡人口。住院为本年度截至运行日已结算的（红冲已冲抵），以前年度见历次发布；实际报销比例 = 四层支付 ÷ 总费用，加权为合计之比，中位为各次住院之比的中位数。
--   恒等式：inpatient_total_yuan = 四层支付 + 自付 + 自费（各次住院填报齐全时）。灾难性支出户：近十二个月个人医疗负担达到家庭年纯收入的 CATASTROPHIC_SHARE 以上（含）；
--   纯收入为零或负数而有负担的算。大病、慢病为现时名单。数据源未到或过期，该部分为空，不是零；分母为零时比率为空。
-- Tie-breaks: none (counts, sums and a median).
WITH feed AS (
  SELECT
    coalesce(bool_or(feed = 'health_insurance'), FALSE) AS has_insurance,
    coalesce(bool_or(feed = 'health_settlement'), FALSE) AS has_settlement,
    coalesce(bool_or(feed = 'disease'), FALSE) AS has_disease
  FROM ref.feed_state
  WHERE is_present AND NOT is_stale
),
parameter AS (
  SELECT max(CASE WHEN parameter.code = 'CATASTROPHIC_SHARE' THEN parameter.value END) AS catastrophic_share
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
ill AS (
  SELECT
    person_key,
    max(CASE WHEN disease_kind_code = '1' THEN 1 ELSE 0 END) AS is_serious,
    -- A person is treated when every serious disease of theirs is.
    min(CASE WHEN disease_kind_code = '1' THEN CASE WHEN coalesce(treatment_code IN ('1', '2', '3'), FALSE) THEN 1 ELSE 0 END END) AS is_treated,
    max(CASE WHEN disease_kind_code = '2' THEN 1 ELSE 0 END) AS is_chronic,
    max(CASE WHEN disease_kind_code = '2' THEN CASE WHEN coalesce(is_contracted, FALSE) THEN 1 ELSE 0 END END) AS is_contracted
  FROM core.disease_now
  WHERE disease_kind_code IN ('1', '2') AND coalesce(treatment_code, '0') <> '5' AND person_key IS NOT NULL
  GROUP BY person_key
),
person_count AS (
  SELECT
    coalesce(person.village_code, '不详') AS village_code,
    count(*) FILTER (WHERE person.health_insurance_state <> '不适用') AS health_due_count,
    count(*) FILTER (WHERE person.health_insurance_state = '有') AS health_covered_count,
    count(*) FILTER (WHERE NOT person.is_deceased AND insured.subsidy_yuan > 0) AS premium_subsidised_count,
    count(*) FILTER (WHERE NOT person.is_deceased AND ill.is_serious = 1) AS serious_ill_count,
    count(*) FILTER (WHERE NOT person.is_deceased AND ill.is_serious = 1 AND ill.is_treated = 1) AS serious_treated_count,
    count(*) FILTER (WHERE NOT person.is_deceased AND ill.is_chronic = 1) AS chronic_ill_count,
    count(*) FILTER (WHERE NOT person.is_deceased AND ill.is_chronic = 1 AND ill.is_contracted = 1) AS chronic_contracted_count
  FROM mart.person_status AS person
  LEFT JOIN core.insured AS insured ON insured.person_key = person.person_key
  LEFT JOIN ill ON ill.person_key = person.person_key
  GROUP BY coalesce(person.village_code, '不详')
),
household_count AS (
  SELECT
    coalesce(status.village_code, '不详') AS village_code,
    count(
      CASE
        WHEN status.medical_self_paid_yuan > 0
          AND status.medical_self_paid_yuan >= parameter.catastrophic_share * greatest(household.net_income_yuan, 0) THEN 1
      END
    ) AS catastrophic_household_count
  FROM mart.household_status AS status
  INNER JOIN core.registry_household_now AS household ON household.household_id = status.household_id
  CROSS JOIN parameter
  GROUP BY coalesce(status.village_code, '不详')
),
stay AS (
  SELECT
    coalesce(inpatient.village_code, '不详') AS village_code,
    inpatient.person_key,
    1 AS inpatient_count,
    inpatient.total_yuan AS inpatient_total_yuan,
    inpatient.eligible_yuan AS inpatient_eligible_yuan,
    inpatient.basic_paid_yuan, inpatient.serious_paid_yuan, inpatient.assistance_paid_yuan, inpatient.supplement_paid_yuan,
    inpatient.self_paid_yuan, inpatient.own_expense_yuan,
    CAST(inpatient.tier_paid_yuan AS DOUBLE) / inpatient.total_yuan AS paid_ratio
  FROM core.inpatient AS inpatient
  CROSS JOIN ref.run AS run
  WHERE extract(YEAR FROM inpatient.settled_date) = extract(YEAR FROM run.as_of)
),
area_stay AS (
  SELECT
    '村' AS area_level, village_code AS area_code,
    person_key,
    inpatient_count,
    inpatient_total_yuan,
    inpatient_eligible_yuan,
    basic_paid_yuan,
    serious_paid_yuan,
    assistance_paid_yuan,
    supplement_paid_yuan,
    self_paid_yuan,
    own_expense_yuan,
    paid_ratio
  FROM stay
  UNION ALL
  SELECT
    '乡' AS area_level, substr(village_code, 1, 9) AS area_code,
    person_key,
    inpatient_count,
    inpatient_total_yuan,
    inpatient_eligible_yuan,
    basic_paid_yuan,
    serious_paid_yuan,
    assistance_paid_yuan,
    supplement_paid_yuan,
    self_paid_yuan,
    own_expense_yuan,
    paid_ratio
  FROM stay
  UNION ALL
  SELECT
    '县' AS area_level, substr(village_code, 1, 6) AS area_code,
    person_key,
    inpatient_count,
    inpatient_total_yuan,
    inpatient_eligible_yuan,
    basic_paid_yuan,
    serious_paid_yuan,
    assistance_paid_yuan,
    supplement_paid_yuan,
    self_paid_yuan,
    own_expense_yuan,
    paid_ratio
  FROM stay
),
stay_sum AS (
  SELECT
    area_level, area_code,
    count(DISTINCT person_key) AS inpatient_person_count,
    sum(inpatient_count) AS inpatient_count,
    sum(inpatient_total_yuan) AS inpatient_total_yuan,
    sum(inpatient_eligible_yuan) AS inpatient_eligible_yuan,
    sum(basic_paid_yuan) AS basic_paid_yuan,
    sum(serious_paid_yuan) AS serious_paid_yuan,
    sum(assistance_paid_yuan) AS assistance_paid_yuan,
    sum(supplement_paid_yuan) AS supplement_paid_yuan,
    sum(self_paid_yuan) AS self_paid_yuan,
    sum(own_expense_yuan) AS own_expense_yuan,
    median(paid_ratio) AS median_ratio
  FROM area_stay
  GROUP BY area_level, area_code
),
village_count AS (
  SELECT
    person_count.village_code,
    person_count.health_due_count,
    person_count.health_covered_count,
    person_count.premium_subsidised_count,
    person_count.serious_ill_count,
    person_count.serious_treated_count,
    person_count.chronic_ill_count,
    person_count.chronic_contracted_count,
    coalesce(household_count.catastrophic_household_count, 0) AS catastrophic_household_count
  FROM person_count
  LEFT JOIN household_count ON household_count.village_code = person_count.village_code
),
area_count AS (
  SELECT
    '村' AS area_level, village_code AS area_code,
    health_due_count,
    health_covered_count,
    premium_subsidised_count,
    serious_ill_count,
    serious_treated_count,
    chronic_ill_count,
    chronic_contracted_count,
    catastrophic_household_count
  FROM village_count
  UNION ALL
  SELECT
    '乡' AS area_level, substr(village_code, 1, 9) AS area_code,
    health_due_count,
    health_covered_count,
    premium_subsidised_count,
    serious_ill_count,
    serious_treated_count,
    chronic_ill_count,
    chronic_contracted_count,
    catastrophic_household_count
  FROM village_count
  UNION ALL
  SELECT
    '县' AS area_level, substr(village_code, 1, 6) AS area_code,
    health_due_count,
    health_covered_count,
    premium_subsidised_count,
    serious_ill_count,
    serious_treated_count,
    chronic_ill_count,
    chronic_contracted_count,
    catastrophic_household_count
  FROM village_count
),
summed AS (
  SELECT
    area_level, area_code,
    sum(health_due_count) AS health_due_count,
    sum(health_covered_count) AS health_covered_count,
    sum(premium_subsidised_count) AS premium_subsidised_count,
    sum(serious_ill_count) AS serious_ill_count,
    sum(serious_treated_count) AS serious_treated_count,
    sum(chronic_ill_count) AS chronic_ill_count,
    sum(chronic_contracted_count) AS chronic_contracted_count,
    sum(catastrophic_household_count) AS catastrophic_household_count
  FROM area_count
  GROUP BY area_level, area_code
)
SELECT
  summed.area_level,
  summed.area_code,
  area_name.area,
  CAST(extract(YEAR FROM run.as_of) AS BIGINT) AS year,
  CAST(CASE WHEN feed.has_insurance THEN coalesce(summed.health_due_count, 0) END AS BIGINT) AS health_due_count,
  CAST(CASE WHEN feed.has_insurance THEN coalesce(summed.health_covered_count, 0) END AS BIGINT) AS health_covered_count,
  CASE WHEN feed.has_insurance AND summed.health_due_count > 0 THEN CAST(CAST(summed.health_covered_count AS DOUBLE) / summed.health_due_count AS DECIMAL(12, 8)) END AS health_insured_rate,
  CAST(CASE WHEN feed.has_insurance THEN coalesce(summed.premium_subsidised_count, 0) END AS BIGINT) AS premium_subsidised_count,
  CAST(CASE WHEN feed.has_settlement THEN coalesce(stay_sum.inpatient_person_count, 0) END AS BIGINT) AS inpatient_person_count,
  CAST(CASE WHEN feed.has_settlement THEN coalesce(stay_sum.inpatient_count, 0) END AS BIGINT) AS inpatient_count,
  CAST(CASE WHEN feed.has_settlement THEN coalesce(stay_sum.inpatient_total_yuan, 0) END AS DECIMAL(18, 2)) AS inpatient_total_yuan,
  CAST(CASE WHEN feed.has_settlement THEN coalesce(stay_sum.inpatient_eligible_yuan, 0) END AS DECIMAL(18, 2)) AS inpatient_eligible_yuan,
  CAST(CASE WHEN feed.has_settlement THEN coalesce(stay_sum.basic_paid_yuan, 0) END AS DECIMAL(18, 2)) AS inpatient_basic_paid_yuan,
  CAST(CASE WHEN feed.has_settlement THEN coalesce(stay_sum.serious_paid_yuan, 0) END AS DECIMAL(18, 2)) AS inpatient_serious_paid_yuan,
  CAST(CASE WHEN feed.has_settlement THEN coalesce(stay_sum.assistance_paid_yuan, 0) END AS DECIMAL(18, 2)) AS inpatient_assistance_paid_yuan,
  CAST(CASE WHEN feed.has_settlement THEN coalesce(stay_sum.supplement_paid_yuan, 0) END AS DECIMAL(18, 2)) AS inpatient_supplement_paid_yuan,
  CAST(CASE WHEN feed.has_settlement THEN coalesce(stay_sum.self_paid_yuan, 0) END AS DECIMAL(18, 2)) AS inpatient_self_paid_yuan,
  CAST(CASE WHEN feed.has_settlement THEN coalesce(stay_sum.own_expense_yuan, 0) END AS DECIMAL(18, 2)) AS inpatient_own_expense_yuan,
  CASE WHEN feed.has_settlement AND stay_sum.inpatient_total_yuan > 0 THEN CAST(CAST((stay_sum.basic_paid_yuan + stay_sum.serious_paid_yuan + stay_sum.assistance_paid_yuan + stay_sum.supplement_paid_yuan) AS DOUBLE) / stay_sum.inpatient_total_yuan AS DECIMAL(12, 8)) END AS actual_ratio_weighted,
  CASE WHEN feed.has_settlement THEN CAST(stay_sum.median_ratio AS DECIMAL(12, 8)) END AS actual_ratio_median,
  CAST(CASE WHEN feed.has_settlement AND parameter.catastrophic_share IS NOT NULL THEN summed.catastrophic_household_count END AS BIGINT)
    AS catastrophic_household_count,
  CAST(CASE WHEN feed.has_disease THEN coalesce(summed.serious_ill_count, 0) END AS BIGINT) AS serious_ill_count,
  CAST(CASE WHEN feed.has_disease THEN coalesce(summed.serious_treated_count, 0) END AS BIGINT) AS serious_treated_count,
  CASE WHEN feed.has_disease AND summed.serious_ill_count > 0 THEN CAST(CAST(summed.serious_treated_count AS DOUBLE) / summed.serious_ill_count AS DECIMAL(12, 8)) END AS serious_treated_rate,
  CAST(CASE WHEN feed.has_disease THEN coalesce(summed.chronic_ill_count, 0) END AS BIGINT) AS chronic_ill_count,
  CAST(CASE WHEN feed.has_disease THEN coalesce(summed.chronic_contracted_count, 0) END AS BIGINT) AS chronic_contracted_count,
  CASE WHEN feed.has_disease AND summed.chronic_ill_count > 0 THEN CAST(CAST(summed.chronic_contracted_count AS DOUBLE) / summed.chronic_ill_count AS DECIMAL(12, 8)) END AS chronic_contracted_rate
FROM summed
CROSS JOIN feed
CROSS JOIN parameter
CROSS JOIN ref.run AS run
LEFT JOIN stay_sum ON stay_sum.area_level = summed.area_level AND stay_sum.area_code = summed.area_code
LEFT JOIN ref.area AS area_name ON area_name.area_level = summed.area_level AND area_name.area_code = summed.area_code
