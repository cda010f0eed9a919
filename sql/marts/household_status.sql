-- mart.household_status
-- 建档立卡户状况：人口、人均纯收入与扶贫标准、教育、医疗、养老、住房、饮水、吃穿、贷款，每项都有“无法判定”。
-- Grain: one row per registered household (建档立卡共同生活户, household_id)，不是户口簿户。
-- Scope: household_id
-- 政策依据: 北委发〔2019〕5号 三(一)3 “脱贫户实现两不愁、三保障”，二(一)4 危房，三(二)2、四(七) 扶贫小额信贷。
-- Inputs: core.registry_household_now, core.registry_person_now, core.house, core.survey,
--   core.bank_loan_now, mart.person_status,
--   ref.parameter, ref.poverty_status, ref.feed_state, ref.run.
-- Limits: “无”只是疑点，须经核查。收入为建档系统上报的人均纯收入，与可支配收入口径不同，不能相除。现住房为 C、D 级而鉴定后已竣工、已另行安置或有另一处安全住房的为“有”。
--   没有鉴定报告的户：登记为危房或 C、D 级的为“无”，其余为“无法判定”（自报的“否”不能当作鉴定）。鉴定报告怎样归户见 core.house。吃、穿只认有效期内的
--   入户核查，空项为“无法判定”；饮水登记和核查任一为否即为“无”。贷款按借款人所在户归户，借款人不在册时按借据上的户编号。
-- Tie-breaks: 现住房、入户核查取哪一份见 core.house、core.survey。
--   成员状态汇总成户：任一成员“无”则户为“无”，否则任一“无法判定”或“参数缺失”则同之，否则有人适用即为“有”，都不适用为“不适用”。
WITH parameter AS (
  SELECT
    max(CASE WHEN code = 'LINE_NAT_WORK' THEN value END) AS national_line,
    max(CASE WHEN code = 'LINE_PROV_LN' THEN value END) AS provincial_line,
    max(CASE WHEN code = 'LOAN_CAP' THEN value END) AS loan_cap
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
feed AS (
  SELECT
    coalesce(bool_or(feed = 'registry_household'), FALSE) AS has_household,
    coalesce(bool_or(feed = 'registry_person'), FALSE) AS has_person,
    coalesce(bool_or(feed = 'housing_assessment'), FALSE) AS has_housing,
    coalesce(bool_or(feed = 'household_survey'), FALSE) AS has_survey,
    coalesce(bool_or(feed = 'bank_loan'), FALSE) AS has_loan
  FROM ref.feed_state
  WHERE is_present AND NOT is_stale
),
people AS (
  SELECT
    household_id,
    count(*) AS person_count,
    count(*) FILTER (WHERE is_minimum_living) AS minimum_living_count,
    count(*) FILTER (WHERE schooling_state <> '不适用') AS schooling_due,
    count(*) FILTER (WHERE schooling_state = '有') AS schooling_covered,
    count(*) FILTER (WHERE schooling_state = '无') AS schooling_missing,
    count(*) FILTER (WHERE schooling_state = '参数缺失') AS schooling_unset,
    count(*) FILTER (WHERE health_insurance_state <> '不适用') AS health_due,
    count(*) FILTER (WHERE health_insurance_state = '有') AS health_covered,
    count(*) FILTER (WHERE health_insurance_state = '无') AS health_missing,
    count(*) FILTER (WHERE health_insurance_state = '参数缺失') AS health_unset,
    count(*) FILTER (WHERE pension_state <> '不适用') AS pension_due,
    count(*) FILTER (WHERE pension_state = '有') AS pension_covered,
    count(*) FILTER (WHERE pension_state = '无') AS pension_missing,
    count(*) FILTER (WHERE pension_state = '参数缺失') AS pension_unset,
    sum(medical_self_paid_yuan) AS medical_self_paid_yuan
  FROM mart.person_status
  GROUP BY household_id
),
loan AS (
  SELECT
    coalesce(member.household_id, note.household_id) AS household_id,
    count(*) AS loan_count,
    sum(note.balance_yuan) AS loan_balance_yuan,
    sum(CASE WHEN note.product_code = '1' THEN note.balance_yuan ELSE 0 END) AS microcredit_balance_yuan,
    sum(coalesce(note.overdue_principal_yuan, 0)) AS overdue_principal_yuan
  FROM core.bank_loan_now AS note
  LEFT JOIN mart.person_status AS member ON member.person_key = note.person_key
  WHERE note.balance_yuan > 0 AND note.settled_date IS NULL
  GROUP BY coalesce(member.household_id, note.household_id)
),
stated AS (
  SELECT
    household.household_id, household.village_code, household.standard_code, household.household_type_code,
    household.poverty_status_code, household.main_cause_code, household.member_count, household.exit_year,
    household.identified_month, household.net_income_per_head_yuan,
    poverty_status.is_poor,
    feed.has_household, feed.has_person, feed.has_loan,
    coalesce(people.person_count, 0) AS person_count,
    coalesce(people.minimum_living_count, 0) AS minimum_living_count,
    coalesce(people.schooling_due, 0) AS schooling_due, coalesce(people.schooling_covered, 0) AS schooling_covered,
    coalesce(people.health_due, 0) AS health_due, coalesce(people.health_covered, 0) AS health_covered,
    coalesce(people.pension_due, 0) AS pension_due, coalesce(people.pension_covered, 0) AS pension_covered,
    people.medical_self_paid_yuan,
    parameter.national_line, parameter.provincial_line, parameter.loan_cap,
    CASE
      WHEN people.household_id IS NULL THEN '无法判定'
      WHEN people.schooling_missing > 0 THEN '无'
      WHEN people.schooling_unset > 0 THEN '参数缺失'
      WHEN people.schooling_covered < people.schooling_due THEN '无法判定'
      WHEN people.schooling_due = 0 THEN '不适用'
      ELSE '有'
    END AS schooling_state,
    CASE
      WHEN people.household_id IS NULL THEN '无法判定'
      WHEN people.health_missing > 0 THEN '无'
      WHEN people.health_unset > 0 THEN '参数缺失'
      WHEN people.health_covered < people.health_due THEN '无法判定'
      WHEN people.health_due = 0 THEN '不适用'
      ELSE '有'
    END AS health_insurance_state,
    CASE
      WHEN people.household_id IS NULL THEN '无法判定'
      WHEN people.pension_missing > 0 THEN '无'
      WHEN people.pension_unset > 0 THEN '参数缺失'
      WHEN people.pension_covered < people.pension_due THEN '无法判定'
      WHEN people.pension_due = 0 THEN '不适用'
      ELSE '有'
    END AS pension_state,
    CASE
      WHEN NOT feed.has_housing THEN '房屋鉴定数据未到或过期'
      WHEN house.grade_code IN ('C', 'D') AND house.is_rebuilt_since THEN '鉴定后已改造'
      WHEN house.grade_code IN ('C', 'D') AND house.is_rehoused_since THEN '鉴定后另行安置'
      WHEN house.grade_code IN ('C', 'D') AND house.other_safe_count > 0 THEN '有另一处安全住房'
      WHEN house.report_no IS NOT NULL THEN '鉴定报告'
      WHEN household.house_grade_code IN ('C', 'D') OR household.is_house_dilapidated THEN '登记为危房，无鉴定报告'
      ELSE '无鉴定报告'
    END AS housing_basis,
    CASE WHEN feed.has_housing THEN house.grade_code END AS house_grade_code,
    CASE WHEN feed.has_housing THEN CAST(extract(YEAR FROM house.assessed_date) AS BIGINT) END AS house_assessed_year,
    CASE
      WHEN NOT feed.has_household THEN '无法判定'
      WHEN household.is_water_difficult OR NOT household.is_water_safe THEN '无'
      WHEN feed.has_survey AND survey.is_fresh AND NOT survey.is_water_sound THEN '无'
      WHEN household.is_water_safe OR feed.has_survey AND survey.is_fresh AND survey.is_water_sound THEN '有'
      ELSE '无法判定'
    END AS water_state,
    CASE
      WHEN NOT feed.has_survey OR survey.is_fresh IS NULL OR NOT survey.is_fresh OR survey.is_food_secure IS NULL THEN '无法判定'
      WHEN survey.is_food_secure THEN '有'
      ELSE '无'
    END AS food_state,
    CASE
      WHEN NOT feed.has_survey OR survey.is_fresh IS NULL OR NOT survey.is_fresh OR survey.is_clothing_secure IS NULL THEN '无法判定'
      WHEN survey.is_clothing_secure THEN '有'
      ELSE '无'
    END AS clothing_state,
    CASE WHEN feed.has_loan THEN coalesce(loan.loan_count, 0) END AS loan_count,
    CASE WHEN feed.has_loan THEN coalesce(loan.loan_balance_yuan, 0) END AS loan_balance_yuan,
    CASE WHEN feed.has_loan THEN coalesce(loan.microcredit_balance_yuan, 0) END AS microcredit_balance_yuan,
    CASE WHEN feed.has_loan THEN coalesce(loan.overdue_principal_yuan, 0) END AS overdue_principal_yuan
  FROM core.registry_household_now AS household
  CROSS JOIN parameter
  CROSS JOIN feed
  LEFT JOIN ref.poverty_status AS poverty_status ON poverty_status.poverty_status_code = household.poverty_status_code
  LEFT JOIN people ON people.household_id = household.household_id
  LEFT JOIN core.house AS house ON house.family_key = 'R' || household.household_id
  LEFT JOIN core.survey AS survey ON survey.household_id = household.household_id
  LEFT JOIN loan ON loan.household_id = household.household_id
),
housed AS (
  SELECT
    stated.*,
    CASE
      WHEN housing_basis = '房屋鉴定数据未到或过期' THEN '无法判定'
      WHEN housing_basis IN ('鉴定后已改造', '鉴定后另行安置', '有另一处安全住房') THEN '有'
      WHEN housing_basis = '登记为危房，无鉴定报告' OR house_grade_code IN ('C', 'D') THEN '无'
      WHEN house_grade_code IN ('A', 'B') THEN '有'
      ELSE '无法判定'
    END AS housing_state
  FROM stated
)
SELECT
  household_id,
  village_code,
  substr(village_code, 1, 9) AS town_code,
  standard_code,
  household_type_code,
  poverty_status_code,
  is_poor,
  main_cause_code,
  CAST(extract(YEAR FROM identified_month) AS BIGINT) AS identified_year,
  exit_year,
  member_count,
  person_count,
  minimum_living_count,
  net_income_per_head_yuan,
  CASE
    WHEN national_line IS NULL THEN '参数缺失'
    WHEN NOT has_household OR net_income_per_head_yuan IS NULL THEN '无法判定'
    WHEN net_income_per_head_yuan < national_line THEN '低于'
    ELSE '不低于'
  END AS national_line_state,
  CASE
    WHEN provincial_line IS NULL THEN '参数缺失'
    WHEN NOT has_household OR net_income_per_head_yuan IS NULL THEN '无法判定'
    WHEN net_income_per_head_yuan < provincial_line THEN '低于'
    ELSE '不低于'
  END AS provincial_line_state,
  schooling_due,
  schooling_covered,
  schooling_state,
  health_due,
  health_covered,
  health_insurance_state,
  pension_due,
  pension_covered,
  pension_state,
  house_grade_code,
  house_assessed_year,
  housing_state,
  housing_basis,
  water_state,
  food_state,
  clothing_state,
  CASE
    WHEN schooling_state = '无' OR health_insurance_state = '无' OR housing_state = '无' THEN '无'
    WHEN schooling_state = '参数缺失' OR health_insurance_state = '参数缺失' THEN '参数缺失'
    WHEN schooling_state = '无法判定' OR health_insurance_state = '无法判定' OR housing_state = '无法判定' THEN '无法判定'
    ELSE '有'
  END AS three_guarantees_state,
  CASE WHEN NOT has_loan THEN '无法判定' WHEN loan_count > 0 THEN '有' ELSE '无' END AS loan_state,
  loan_count,
  CAST(loan_balance_yuan AS DECIMAL(18, 2)) AS loan_balance_yuan,
  CAST(microcredit_balance_yuan AS DECIMAL(18, 2)) AS microcredit_balance_yuan,
  CAST(overdue_principal_yuan AS DECIMAL(18, 2)) AS overdue_principal_yuan,
  CASE
    WHEN NOT has_loan THEN '无法判定'
    WHEN loan_cap IS NULL THEN '参数缺失'
    WHEN microcredit_balance_yuan > loan_cap THEN '超过'
    ELSE '不超过'
  END AS loan_cap_state,
  CAST(medical_self_paid_yuan AS DECIMAL(18, 2)) AS medical_self_paid_yuan
FROM housed
