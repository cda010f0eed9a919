-- mart.household_exit_check
-- 贫困户退出核查：收入、吃、穿、教育、医疗、住房、饮水逐项达标、不达标、无数据；无数据不能退出；非法定指标只另列，不影响结论。
-- Grain: one row per registered household (建档立卡共同生活户)。
-- Scope: household_id
-- 政策依据: 北委发〔2019〕5号 三(一)3 “贫困户脱贫确保实现两不愁、三保障目标”、“取消行业部门与扶贫无关的搭车任务”；
--   中办国办《关于建立贫困退出机制的意见》。
-- Inputs: mart.household_status, core.survey, ref.exit_indicator, ref.parameter, ref.feed_state, ref.run.
-- Limits: 哪些指标法定由 ref.exit_indicator（sql/codes/exit_indicator.csv，分日期、须批准）规定，结论只看法定指标。收入为最近登记的人均纯收入，与退出年度
--   （未退出的为运行日所在年度）的国家标准比较，恰好等于为达标；没有人适用的保障（如没有适龄儿童）为达标。数据源未到或过期、没有核查、没有鉴定报告都是无数据。
--   恒等式：exit_verdict 为达标当且仅当 failed_count、missing_count、unset_count 都是 0。
-- Tie-breaks: none; every input holds one row per household.
WITH line AS (
  SELECT
    extract(YEAR FROM valid_from) AS from_year,
    extract(YEAR FROM valid_to) AS to_year,
    value AS line_yuan
  FROM ref.parameter
  WHERE code = 'LINE_NAT_WORK'
),
feed AS (
  SELECT coalesce(bool_or(feed = 'household_survey'), FALSE) AS has_survey
  FROM ref.feed_state
  WHERE is_present AND NOT is_stale
),
-- One row says which indicators count on the run date.
statutory AS (
  SELECT
    coalesce(bool_or(indicator.indicator_code = 'income'), FALSE) AS income,
    coalesce(bool_or(indicator.indicator_code = 'food'), FALSE) AS food,
    coalesce(bool_or(indicator.indicator_code = 'clothing'), FALSE) AS clothing,
    coalesce(bool_or(indicator.indicator_code = 'schooling'), FALSE) AS schooling,
    coalesce(bool_or(indicator.indicator_code = 'medical'), FALSE) AS medical,
    coalesce(bool_or(indicator.indicator_code = 'housing'), FALSE) AS housing,
    coalesce(bool_or(indicator.indicator_code = 'water'), FALSE) AS water,
    coalesce(bool_or(indicator.indicator_code = 'power'), FALSE) AS power,
    coalesce(bool_or(indicator.indicator_code = 'toilet'), FALSE) AS toilet,
    coalesce(bool_or(indicator.indicator_code = 'broadcast'), FALSE) AS broadcast
  FROM ref.exit_indicator AS indicator
  CROSS JOIN ref.run AS run
  WHERE indicator.is_statutory AND run.as_of >= indicator.valid_from AND run.as_of < indicator.valid_to
),
household AS (
  SELECT
    status.household_id, status.village_code, status.town_code, status.poverty_status_code, status.is_poor, status.exit_year,
    status.net_income_per_head_yuan, status.national_line_state,
    status.food_state, status.clothing_state, status.schooling_state, status.health_insurance_state, status.housing_state, status.housing_basis,
    status.water_state,
    status.poverty_status_code IN ('1', '4') AS has_exited,
    CASE
      WHEN status.poverty_status_code IN ('1', '4') THEN status.exit_year
      ELSE CAST(extract(YEAR FROM run.as_of) AS BIGINT)
    END AS line_year,
    feed.has_survey AND coalesce(survey.is_fresh, FALSE) AS is_surveyed,
    survey.survey_date, survey.has_power, survey.is_toilet_sanitary, survey.has_broadcast
  FROM mart.household_status AS status
  CROSS JOIN ref.run AS run
  CROSS JOIN feed
  LEFT JOIN core.survey AS survey ON survey.household_id = status.household_id
),
checked AS (
  SELECT
    household.*,
    line.line_yuan AS income_line_yuan,
    CASE
      WHEN household.national_line_state = '无法判定' OR household.net_income_per_head_yuan IS NULL OR household.line_year IS NULL THEN '无数据'
      WHEN line.line_yuan IS NULL THEN '参数缺失'
      WHEN household.net_income_per_head_yuan < line.line_yuan THEN '不达标'
      ELSE '达标'
    END AS income_check,
    CASE household.food_state WHEN '有' THEN '达标' WHEN '不适用' THEN '达标' WHEN '无' THEN '不达标' WHEN '参数缺失' THEN '参数缺失' ELSE '无数据' END AS food_check,
    CASE household.clothing_state WHEN '有' THEN '达标' WHEN '不适用' THEN '达标' WHEN '无' THEN '不达标' WHEN '参数缺失' THEN '参数缺失' ELSE '无数据' END AS clothing_check,
    CASE household.schooling_state WHEN '有' THEN '达标' WHEN '不适用' THEN '达标' WHEN '无' THEN '不达标' WHEN '参数缺失' THEN '参数缺失' ELSE '无数据' END AS schooling_check,
    CASE household.health_insurance_state WHEN '有' THEN '达标' WHEN '不适用' THEN '达标' WHEN '无' THEN '不达标' WHEN '参数缺失' THEN '参数缺失' ELSE '无数据' END AS medical_check,
    CASE household.housing_state WHEN '有' THEN '达标' WHEN '不适用' THEN '达标' WHEN '无' THEN '不达标' WHEN '参数缺失' THEN '参数缺失' ELSE '无数据' END AS housing_check,
    CASE household.water_state WHEN '有' THEN '达标' WHEN '不适用' THEN '达标' WHEN '无' THEN '不达标' WHEN '参数缺失' THEN '参数缺失' ELSE '无数据' END AS water_check,
    CASE WHEN NOT household.is_surveyed OR household.has_power IS NULL THEN '无数据' WHEN household.has_power THEN '达标' ELSE '不达标' END AS power_check,
    CASE WHEN NOT household.is_surveyed OR household.is_toilet_sanitary IS NULL THEN '无数据' WHEN household.is_toilet_sanitary THEN '达标' ELSE '不达标' END AS toilet_check,
    CASE WHEN NOT household.is_surveyed OR household.has_broadcast IS NULL THEN '无数据' WHEN household.has_broadcast THEN '达标' ELSE '不达标' END AS broadcast_check
  FROM household
  LEFT JOIN line ON household.line_year >= line.from_year AND household.line_year < line.to_year
),
counted AS (
  SELECT
    checked.*,
    CASE WHEN statutory.income AND checked.income_check = '不达标' THEN 1 ELSE 0 END
    + CASE WHEN statutory.food AND checked.food_check = '不达标' THEN 1 ELSE 0 END
    + CASE WHEN statutory.clothing AND checked.clothing_check = '不达标' THEN 1 ELSE 0 END
    + CASE WHEN statutory.schooling AND checked.schooling_check = '不达标' THEN 1 ELSE 0 END
    + CASE WHEN statutory.medical AND checked.medical_check = '不达标' THEN 1 ELSE 0 END
    + CASE WHEN statutory.housing AND checked.housing_check = '不达标' THEN 1 ELSE 0 END
    + CASE WHEN statutory.water AND checked.water_check = '不达标' THEN 1 ELSE 0 END
    + CASE WHEN statutory.power AND checked.power_check = '不达标' THEN 1 ELSE 0 END
    + CASE WHEN statutory.toilet AND checked.toilet_check = '不达标' THEN 1 ELSE 0 END
    + CASE WHEN statutory.broadcast AND checked.broadcast_check = '不达标' THEN 1 ELSE 0 END AS failed_count,
    CASE WHEN statutory.income AND checked.income_check = '无数据' THEN 1 ELSE 0 END
    + CASE WHEN statutory.food AND checked.food_check = '无数据' THEN 1 ELSE 0 END
    + CASE WHEN statutory.clothing AND checked.clothing_check = '无数据' THEN 1 ELSE 0 END
    + CASE WHEN statutory.schooling AND checked.schooling_check = '无数据' THEN 1 ELSE 0 END
    + CASE WHEN statutory.medical AND checked.medical_check = '无数据' THEN 1 ELSE 0 END
    + CASE WHEN statutory.housing AND checked.housing_check = '无数据' THEN 1 ELSE 0 END
    + CASE WHEN statutory.water AND checked.water_check = '无数据' THEN 1 ELSE 0 END
    + CASE WHEN statutory.power AND checked.power_check = '无数据' THEN 1 ELSE 0 END
    + CASE WHEN statutory.toilet AND checked.toilet_check = '无数据' THEN 1 ELSE 0 END
    + CASE WHEN statutory.broadcast AND checked.broadcast_check = '无数据' THEN 1 ELSE 0 END AS missing_count,
    CASE WHEN statutory.income AND checked.income_check = '参数缺失' THEN 1 ELSE 0 END
    + CASE WHEN statutory.food AND checked.food_check = '参数缺失' THEN 1 ELSE 0 END
    + CASE WHEN statutory.clothing AND checked.clothing_check = '参数缺失' THEN 1 ELSE 0 END
    + CASE WHEN statutory.schooling AND checked.schooling_check = '参数缺失' THEN 1 ELSE 0 END
    + CASE WHEN statutory.medical AND checked.medical_check = '参数缺失' THEN 1 ELSE 0 END
    + CASE WHEN statutory.housing AND checked.housing_check = '参数缺失' THEN 1 ELSE 0 END
    + CASE WHEN statutory.water AND checked.water_check = '参数缺失' THEN 1 ELSE 0 END
    + CASE WHEN statutory.power AND checked.power_check = '参数缺失' THEN 1 ELSE 0 END
    + CASE WHEN statutory.toilet AND checked.toilet_check = '参数缺失' THEN 1 ELSE 0 END
    + CASE WHEN statutory.broadcast AND checked.broadcast_check = '参数缺失' THEN 1 ELSE 0 END AS unset_count,
    CASE WHEN statutory.income AND checked.income_check <> '达标' THEN '收入' || checked.income_check || '；' ELSE '' END
    || CASE WHEN statutory.food AND checked.food_check <> '达标' THEN '不愁吃' || checked.food_check || '；' ELSE '' END
    || CASE WHEN statutory.clothing AND checked.clothing_check <> '达标' THEN '不愁穿' || checked.clothing_check || '；' ELSE '' END
    || CASE WHEN statutory.schooling AND checked.schooling_check <> '达标' THEN '义务教育' || checked.schooling_check || '；' ELSE '' END
    || CASE WHEN statutory.medical AND checked.medical_check <> '达标' THEN '基本医疗' || checked.medical_check || '；' ELSE '' END
    || CASE WHEN statutory.housing AND checked.housing_check <> '达标' THEN '住房安全' || checked.housing_check || '；' ELSE '' END
    || CASE WHEN statutory.water AND checked.water_check <> '达标' THEN '饮水安全' || checked.water_check || '；' ELSE '' END
    || CASE WHEN statutory.power AND checked.power_check <> '达标' THEN '生活用电' || checked.power_check || '；' ELSE '' END
    || CASE WHEN statutory.toilet AND checked.toilet_check <> '达标' THEN '卫生厕所' || checked.toilet_check || '；' ELSE '' END
    || CASE WHEN statutory.broadcast AND checked.broadcast_check <> '达标' THEN '广播电视' || checked.broadcast_check || '；' ELSE '' END AS statutory_text,
    CASE WHEN NOT statutory.income AND checked.income_check <> '达标' THEN '收入' || checked.income_check || '；' ELSE '' END
    || CASE WHEN NOT statutory.food AND checked.food_check <> '达标' THEN '不愁吃' || checked.food_check || '；' ELSE '' END
    || CASE WHEN NOT statutory.clothing AND checked.clothing_check <> '达标' THEN '不愁穿' || checked.clothing_check || '；' ELSE '' END
    || CASE WHEN NOT statutory.schooling AND checked.schooling_check <> '达标' THEN '义务教育' || checked.schooling_check || '；' ELSE '' END
    || CASE WHEN NOT statutory.medical AND checked.medical_check <> '达标' THEN '基本医疗' || checked.medical_check || '；' ELSE '' END
    || CASE WHEN NOT statutory.housing AND checked.housing_check <> '达标' THEN '住房安全' || checked.housing_check || '；' ELSE '' END
    || CASE WHEN NOT statutory.water AND checked.water_check <> '达标' THEN '饮水安全' || checked.water_check || '；' ELSE '' END
    || CASE WHEN NOT statutory.power AND checked.power_check <> '达标' THEN '生活用电' || checked.power_check || '；' ELSE '' END
    || CASE WHEN NOT statutory.toilet AND checked.toilet_check <> '达标' THEN '卫生厕所' || checked.toilet_check || '；' ELSE '' END
    || CASE WHEN NOT statutory.broadcast AND checked.broadcast_check <> '达标' THEN '广播电视' || checked.broadcast_check || '；' ELSE '' END AS other_text
  FROM checked
  CROSS JOIN statutory
)
SELECT
  household_id,
  village_code,
  town_code,
  poverty_status_code,
  is_poor,
  has_exited,
  exit_year,
  line_year,
  CAST(income_line_yuan AS DECIMAL(18, 2)) AS income_line_yuan,
  net_income_per_head_yuan,
  income_check,
  food_check,
  clothing_check,
  schooling_check,
  medical_check,
  housing_check,
  water_check,
  power_check,
  toilet_check,
  broadcast_check,
  housing_basis,
  survey_date,
  CAST(failed_count AS BIGINT) AS failed_count,
  CAST(missing_count AS BIGINT) AS missing_count,
  CAST(unset_count AS BIGINT) AS unset_count,
  CASE
    WHEN failed_count > 0 THEN '不达标'
    WHEN missing_count > 0 THEN '无数据'
    WHEN unset_count > 0 THEN '参数缺失'
    ELSE '达标'
  END AS exit_verdict,
  CASE WHEN statutory_text = '' THEN '法定指标全部达标' ELSE rtrim(statutory_text, '；') END AS exit_basis,
  CASE WHEN other_text = '' THEN '无' ELSE rtrim(other_text, '；') END AS non_statutory_basis
FROM counted
