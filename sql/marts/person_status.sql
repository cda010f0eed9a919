-- mart.person_status
-- 建档立卡人员状况：每个建档人员的基本情况，以及义务教育、基本医疗、养老保险各是“有／无／不适用／无法判定”。
-- Grain: one row per registered person (person_key).
-- Scope: person_key
-- 政策依据: 北委发〔2019〕5号 三(一)3 “两不愁、三保障”，二(一)2 控辍保学，二(一)3 基本医疗，二(一)5 养老保险；
--   年龄与免除情形按国家脱贫攻坚普查公报（适龄 6—15 周岁；在校、送教上门；新生儿等正在办理的除外）。
-- Inputs: core.person, core.registry_person_now, core.registry_household_now, core.school_age, core.schooling, core.insured,
--   core.health_insurance_now, core.social_insurance_now, core.health_settlement_now, core.open_row, ref.parameter, ref.poverty_status,
--   ref.feed_state, ref.run.
-- Limits: “无”只是疑点，须经核查。某数据源从未到达或已过期，凡用它的保障一律“无法判定”；参数未录入则为“参数缺失”。
--   在县外就读而控辍保学台账里没有有效证明、在外地参保的人在本县数据里查不到，会显示为“无”。转出和休学的去向待核，有同名学籍没有对上人的也为“无法判定”。
--   不具备学习条件、延缓入学（都要有证明）、本学年开学后才满六周岁的，义务教育为“不适用”；登记为现役军人的，基本医疗为“不适用”。
--   没有查到参保、而参保名单有退回待改正的行可能是此人的，基本医疗、养老保险为“无法判定”。
--   户籍登记已死亡的人各项为“不适用”。年龄按运行日的周岁计算。
-- Tie-breaks: 同一人有几条学籍、几条参保时见 core.schooling、core.insured。
WITH parameter AS (
  SELECT
    max(CASE WHEN code = 'EDU_AGE_MIN' THEN value END) AS school_from,
    max(CASE WHEN code = 'EDU_AGE_MAX' THEN value END) AS school_to,
    max(CASE WHEN code = 'NEWBORN_DAYS' THEN value END) AS newborn_days,
    max(CASE WHEN code = 'PENSION_JOIN_AGE' THEN value END) AS pension_from,
    max(CASE WHEN code = 'PENSION_AGE' THEN value END) AS pension_age
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
feed AS (
  SELECT
    coalesce(bool_or(feed = 'registry_household'), FALSE) AS has_household,
    coalesce(bool_or(feed = 'household_registration'), FALSE) AS has_police,
    coalesce(bool_or(feed = 'education_enrollment'), FALSE) AS has_education,
    coalesce(bool_or(feed = 'health_insurance'), FALSE) AS has_health,
    coalesce(bool_or(feed = 'social_insurance'), FALSE) AS has_pension,
    coalesce(bool_or(feed = 'health_settlement'), FALSE) AS has_settlement
  FROM ref.feed_state
  WHERE is_present AND NOT is_stale
),
-- The feeds hold everybody: only rows of registered people are worth grouping.
registered AS (
  SELECT person_key
  FROM core.registry_person_now
),
-- A feed may hold only last year's list: without one row of the run's year nobody's state of this year is known.
health_year AS (
  SELECT count(*) > 0 AS is_there
  FROM core.health_insurance_now
  CROSS JOIN ref.run
  WHERE year = extract(YEAR FROM run.as_of) AND insurance_code IN ('1', '2')
),
pension_year AS (
  SELECT count(*) > 0 AS is_there
  FROM core.social_insurance_now
  CROSS JOIN ref.run
  WHERE year = extract(YEAR FROM run.as_of)
),
pension AS (
  SELECT
    person_key,
    max(CASE WHEN status_code = '1' AND year = extract(YEAR FROM run.as_of) THEN 1 ELSE 0 END) AS is_paying,
    max(CASE WHEN status_code = '4' OR receiving_code = '1' THEN 1 ELSE 0 END) AS is_receiving
  FROM core.social_insurance_now
  CROSS JOIN ref.run
  WHERE person_key IN (SELECT person_key FROM registered)
  GROUP BY person_key
),
medical AS (
  SELECT person_key, sum(coalesce(self_paid_yuan, 0) + coalesce(own_expense_yuan, 0)) AS paid_yuan
  FROM core.health_settlement_now
  CROSS JOIN ref.run
  WHERE person_key IN (SELECT person_key FROM registered) AND settled_date > run.as_of - INTERVAL 1 YEAR AND settled_date <= run.as_of
  GROUP BY person_key
),
-- Rows that wait for their correction may be these people's.
open_health AS (
  SELECT CAST(subject AS BIGINT) AS person_key FROM core.open_row WHERE feed = 'health_insurance' AND subject_kind = 'person'
),
open_pension AS (
  SELECT CAST(subject AS BIGINT) AS person_key FROM core.open_row WHERE feed = 'social_insurance' AND subject_kind = 'person'
),
aged AS (
  SELECT
    person.person_key, person.person_id, person.household_id, person.village_code, person.sex_code, person.birth_date,
    person.is_on_register, person.is_deceased, person.registry_row_count,
    extract(YEAR FROM run.as_of) - extract(YEAR FROM person.birth_date)
    - CASE
      WHEN extract(MONTH FROM run.as_of) * 100 + extract(DAY FROM run.as_of)
        < extract(MONTH FROM person.birth_date) * 100 + extract(DAY FROM person.birth_date) THEN 1
      ELSE 0
    END AS age,
    date_diff('day', person.birth_date, run.as_of) AS age_days
  FROM core.person AS person
  CROSS JOIN ref.run
  WHERE person.is_registered
),
judged AS (
  SELECT
    aged.*,
    CASE
      WHEN parameter.school_from IS NULL OR parameter.school_to IS NULL THEN '参数未录入'
      WHEN aged.is_deceased THEN '户籍登记已死亡'
      WHEN aged.age < parameter.school_from OR aged.age > parameter.school_to THEN '不在义务教育年龄'
      WHEN NOT feed.has_education THEN '学籍数据未到或过期'
      WHEN aged.age IS NULL THEN '出生日期不详'
      ELSE coalesce(child.schooling_basis, '无在读学籍')
    END AS schooling_basis,
    CASE
      WHEN parameter.newborn_days IS NULL THEN '参数未录入'
      WHEN aged.is_deceased THEN '户籍登记已死亡'
      WHEN NOT feed.has_health THEN '医保参保数据未到或过期'
      WHEN health.is_insured THEN '正常参保'
      WHEN registry.is_military THEN '现役军人'
      WHEN aged.age_days <= parameter.newborn_days THEN '新生儿办理期'
      WHEN NOT health_year.is_there THEN '无本年度参保数据'
      WHEN open_health.person_key IS NOT NULL THEN '参保行退回待改正'
      WHEN NOT health.is_insured THEN '未正常参保'
      ELSE '无参保记录'
    END AS health_insurance_basis,
    CASE
      WHEN parameter.pension_from IS NULL OR parameter.pension_age IS NULL THEN '参数未录入'
      WHEN aged.is_deceased THEN '户籍登记已死亡'
      WHEN aged.age < parameter.pension_from THEN '未到参保年龄'
      WHEN NOT feed.has_pension THEN '养老保险数据未到或过期'
      WHEN pension.is_receiving = 1 THEN '领取待遇'
      WHEN aged.age IS NULL THEN '出生日期不详'
      WHEN aged.age >= parameter.pension_age AND open_pension.person_key IS NOT NULL THEN '参保行退回待改正'
      WHEN aged.age >= parameter.pension_age THEN '已到龄未领取'
      WHEN pension.is_paying = 1 THEN '正常缴费'
      WHEN schooling.status_code = '1' AND schooling.stage_code IN ('4', '5', '8') OR registry.student_status_code >= '07' THEN '在校学生'
      WHEN NOT pension_year.is_there THEN '无本年度缴费数据'
      WHEN open_pension.person_key IS NOT NULL THEN '参保行退回待改正'
      ELSE '未正常缴费'
    END AS pension_basis,
    CASE WHEN feed.has_settlement THEN coalesce(medical.paid_yuan, 0) END AS medical_self_paid_yuan,
    CASE WHEN feed.has_police THEN aged.is_on_register END AS is_in_register,
    registry.relation_code, registry.education_code, registry.student_status_code, registry.labour_code,
    registry.work_months, registry.is_minimum_living,
    household.poverty_status_code,
    CASE WHEN feed.has_household THEN poverty_status.is_poor END AS is_poor
  FROM aged
  CROSS JOIN parameter
  CROSS JOIN feed
  CROSS JOIN health_year
  CROSS JOIN pension_year
  LEFT JOIN core.registry_person_now AS registry ON registry.person_key = aged.person_key AND registry.person_id = aged.person_id
  LEFT JOIN core.registry_household_now AS household ON household.household_id = aged.household_id
  LEFT JOIN ref.poverty_status AS poverty_status ON poverty_status.poverty_status_code = household.poverty_status_code
  LEFT JOIN core.school_age AS child ON child.person_key = aged.person_key
  LEFT JOIN core.schooling AS schooling ON schooling.person_key = aged.person_key
  LEFT JOIN core.insured AS health ON health.person_key = aged.person_key
  LEFT JOIN pension ON pension.person_key = aged.person_key
  LEFT JOIN open_health ON open_health.person_key = aged.person_key
  LEFT JOIN open_pension ON open_pension.person_key = aged.person_key
  LEFT JOIN medical ON medical.person_key = aged.person_key
)
SELECT
  person_key,
  household_id,
  village_code,
  substr(village_code, 1, 9) AS town_code,
  sex_code,
  CAST(extract(YEAR FROM birth_date) AS BIGINT) AS birth_year,
  CASE
    WHEN age IS NULL THEN '不详'
    WHEN age < 6 THEN '0-5'
    WHEN age < 16 THEN '6-15'
    WHEN age < 60 THEN '16-59'
    ELSE '60以上'
  END AS age_band,
  relation_code,
  education_code,
  student_status_code,
  labour_code,
  work_months,
  is_minimum_living,
  poverty_status_code,
  is_poor,
  is_in_register,
  is_deceased,
  CASE
    WHEN schooling_basis = '参数未录入' THEN '参数缺失'
    WHEN schooling_basis IN ('户籍登记已死亡', '不在义务教育年龄', '不具备学习条件', '延缓入学', '未到入学日期') THEN '不适用'
    WHEN schooling_basis IN ('在读', '送教上门', '外地就读', '已完成初中') THEN '有'
    WHEN schooling_basis IN ('在籍不在校', '辍学', '未在校而无有效证明', '无在读学籍') THEN '无'
    ELSE '无法判定'
  END AS schooling_state,
  schooling_basis,
  CASE
    WHEN health_insurance_basis = '参数未录入' THEN '参数缺失'
    WHEN health_insurance_basis IN ('户籍登记已死亡', '现役军人', '新生儿办理期') THEN '不适用'
    WHEN health_insurance_basis = '正常参保' THEN '有'
    WHEN health_insurance_basis IN ('未正常参保', '无参保记录') THEN '无'
    ELSE '无法判定'
  END AS health_insurance_state,
  health_insurance_basis,
  CASE
    WHEN pension_basis = '参数未录入' THEN '参数缺失'
    WHEN pension_basis IN ('户籍登记已死亡', '未到参保年龄', '在校学生') THEN '不适用'
    WHEN pension_basis IN ('领取待遇', '正常缴费') THEN '有'
    WHEN pension_basis IN ('已到龄未领取', '未正常缴费') THEN '无'
    ELSE '无法判定'
  END AS pension_state,
  pension_basis,
  CAST(medical_self_paid_yuan AS DECIMAL(18, 2)) AS medical_self_paid_yuan,
  registry_row_count
FROM judged
