-- mart.census_dimension
-- 普查口径：每个建档立卡户在义务教育、基本医疗、住房安全、饮水安全、不愁吃、不愁穿六个项目上各归入恰好一类。
-- Grain: one row per registered household and dimension (六行一户)。
-- Scope: household_id
-- 政策依据: 国家脱贫攻坚普查公报（适龄 6—15 周岁，在校、送教上门、因身体原因不具备学习条件；居民或职工医保、新生儿等正在办理、参军；现住房鉴定安全、危房改造、搬迁安置；
--   饮水水量、水质、取水方便、供水保证）；北委发〔2019〕5号 四(二) “为迎接国家脱贫情况普查做好各项准备”。
-- Inputs: mart.household_status, mart.person_status, core.house, core.survey.
-- Limits: 户内情形不同的，按最不利的一种归类：未达标先于无数据，无数据先于各种达标的情形。数据源未到或过期即无数据。is_met 为空即无数据。
--   恒等式：每户每个项目一行，各类之和等于建档立卡户数。
-- Tie-breaks: 次序写在各 CASE 里，取先成立的一类。
WITH people AS (
  SELECT
    household_id,
    count(*) AS person_count,
    count(*) FILTER (WHERE schooling_state = '无') AS school_missing,
    count(*) FILTER (WHERE schooling_state IN ('无法判定', '参数缺失')) AS school_unknown,
    count(*) FILTER (WHERE schooling_basis = '不具备学习条件') AS school_unfit,
    count(*) FILTER (WHERE schooling_basis IN ('延缓入学', '未到入学日期')) AS school_deferred,
    count(*) FILTER (WHERE schooling_basis = '送教上门') AS school_home,
    count(*) FILTER (WHERE schooling_state = '有') AS school_yes,
    count(*) FILTER (WHERE health_insurance_state = '无') AS health_missing,
    count(*) FILTER (WHERE health_insurance_state IN ('无法判定', '参数缺失')) AS health_unknown,
    count(*) FILTER (WHERE health_insurance_basis IN ('新生儿办理期', '现役军人')) AS health_exempt
  FROM mart.person_status
  GROUP BY household_id
),
household AS (
  SELECT
    status.household_id, status.village_code, status.town_code, status.poverty_status_code, status.is_poor,
    status.housing_state, status.housing_basis, status.water_state, status.food_state, status.clothing_state,
    people.person_count, people.school_missing, people.school_unknown, people.school_unfit, people.school_deferred, people.school_home,
    people.school_yes, people.health_missing, people.health_unknown, people.health_exempt,
    house.arrangement, house.is_rebuilt_since, house.renovation_count, house.completed_date,
    coalesce(survey.is_fresh AND survey.is_water_sound, FALSE) AS is_water_surveyed
  FROM mart.household_status AS status
  LEFT JOIN people ON people.household_id = status.household_id
  LEFT JOIN core.house AS house ON house.family_key = 'R' || status.household_id
  LEFT JOIN core.survey AS survey ON survey.household_id = status.household_id
),
classed AS (
  SELECT
    household_id, village_code, town_code, poverty_status_code, is_poor, 1 AS dimension_no, '义务教育' AS dimension,
    CASE
      WHEN school_missing > 0 THEN '有适龄儿童失学辍学'
      WHEN person_count IS NULL OR school_unknown > 0 THEN '无数据'
      WHEN school_unfit > 0 THEN '有因身体原因不具备学习条件'
      WHEN school_home > 0 THEN '有送教上门'
      WHEN school_yes > 0 THEN '全部在校'
      WHEN school_deferred > 0 THEN '延缓入学或未到入学日期'
      ELSE '无适龄儿童'
    END AS census_category
  FROM household
  UNION ALL
  SELECT
    household_id, village_code, town_code, poverty_status_code, is_poor, 2 AS dimension_no, '基本医疗' AS dimension,
    CASE
      WHEN health_missing > 0 THEN '有人未参保'
      WHEN person_count IS NULL OR health_unknown > 0 THEN '无数据'
      WHEN health_exempt > 0 THEN '其余为新生儿或参军'
      ELSE '全部参保'
    END AS census_category
  FROM household
  UNION ALL
  SELECT
    household_id, village_code, town_code, poverty_status_code, is_poor, 3 AS dimension_no, '住房安全' AS dimension,
    CASE
      WHEN housing_state = '无' THEN '住房不安全'
      WHEN housing_state <> '有' THEN '无数据'
      WHEN arrangement = '其他安置' OR housing_basis IN ('鉴定后另行安置', '有另一处安全住房') THEN '搬迁或其他安置'
      WHEN arrangement = '已竣工入住' OR is_rebuilt_since OR renovation_count > 0 AND completed_date IS NOT NULL THEN '危房改造'
      ELSE '鉴定安全'
    END AS census_category
  FROM household
  UNION ALL
  SELECT
    household_id, village_code, town_code, poverty_status_code, is_poor, 4 AS dimension_no, '饮水安全' AS dimension,
    CASE
      WHEN water_state = '无' THEN '饮水不安全或困难'
      WHEN water_state <> '有' THEN '无数据'
      WHEN is_water_surveyed THEN '水量水质取水供水核查达标'
      ELSE '登记安全'
    END AS census_category
  FROM household
  UNION ALL
  SELECT
    household_id, village_code, town_code, poverty_status_code, is_poor, 5 AS dimension_no, '不愁吃' AS dimension,
    CASE food_state WHEN '有' THEN '不愁吃' WHEN '无' THEN '愁吃' ELSE '无数据' END AS census_category
  FROM household
  UNION ALL
  SELECT
    household_id, village_code, town_code, poverty_status_code, is_poor, 6 AS dimension_no, '不愁穿' AS dimension,
    CASE clothing_state WHEN '有' THEN '不愁穿' WHEN '无' THEN '愁穿' ELSE '无数据' END AS census_category
  FROM household
)
SELECT
  household_id,
  village_code,
  town_code,
  poverty_status_code,
  is_poor,
  dimension_no,
  dimension,
  census_category,
  CASE
    WHEN census_category = '无数据' THEN NULL
    ELSE census_category NOT IN ('有适龄儿童失学辍学', '有人未参保', '住房不安全', '饮水不安全或困难', '愁吃', '愁穿')
  END AS is_met
FROM classed
