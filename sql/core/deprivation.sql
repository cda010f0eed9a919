-- core.deprivation
-- 多维贫困的剥夺矩阵：每个建档立卡户每个指标是否被剥夺，不知道的为空。
-- Grain: one row per registered household (household_id) and indicator of ref.mpi_indicator.
-- Scope: household_id
-- 政策依据: 北委发〔2019〕5号 三(一)3 “两不愁、三保障”；Alkire–Foster 计数法，指标和权重在 ref.mpi_indicator。
-- Inputs: mart.household_status, core.registry_household_now, core.registry_person_now, core.member, ref.mpi_indicator, ref.parameter, ref.run.
-- Limits: 以户为识别单位，任一成员被剥夺即全户被剥夺；没有适用成员（如无适龄儿童）为未被剥夺。空为数据缺失，不等于未被剥夺。
--   灾难性医疗支出指近十二个月个人医疗负担超过家庭纯收入的一定比例（参数 MPI_MED_SHARE，未录入则为空）。第 7、8 项还没有数据源。
-- Tie-breaks: none.
WITH parameter AS (
  SELECT max(CASE WHEN parameter.code = 'MPI_MED_SHARE' THEN parameter.value END) AS medical_share
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
people AS (
  SELECT
    person.household_id,
    count(*) AS listed,
    count(*) FILTER (WHERE member.age BETWEEN 16 AND 59) AS adults,
    count(*) FILTER (WHERE member.age BETWEEN 16 AND 59 AND person.education_code IS NOT NULL) AS adults_known,
    count(*) FILTER (WHERE member.age BETWEEN 16 AND 59 AND person.education_code = '01') AS adults_unschooled,
    count(*) FILTER (WHERE person.labour_code IN ('01', '02')) AS able,
    count(*) FILTER (WHERE person.labour_code IS NULL) AS labour_unknown
  FROM core.registry_person_now AS person
  LEFT JOIN core.member AS member ON member.person_key = person.person_key
  GROUP BY person.household_id
),
household AS (
  SELECT
    status.household_id,
    status.village_code,
    CASE WHEN status.person_count > 0 THEN status.person_count ELSE coalesce(status.member_count, 0) END AS person_count,
    CASE status.schooling_state WHEN '无' THEN TRUE WHEN '有' THEN FALSE WHEN '不适用' THEN FALSE END AS is_out_of_school,
    CASE
      WHEN people.adults_unschooled > 0 THEN TRUE
      WHEN people.adults_known = people.adults THEN FALSE
    END AS is_unschooled,
    CASE status.health_insurance_state WHEN '无' THEN TRUE WHEN '有' THEN FALSE WHEN '不适用' THEN FALSE END AS is_uninsured,
    status.medical_self_paid_yuan > parameter.medical_share * registry.net_income_yuan AS is_medical_catastrophe,
    CASE status.housing_state WHEN '无' THEN TRUE WHEN '有' THEN FALSE WHEN '不适用' THEN FALSE END AS is_house_unsafe,
    CASE status.water_state WHEN '无' THEN TRUE WHEN '有' THEN FALSE END AS is_water_unsafe,
    CASE WHEN people.able > 0 THEN FALSE WHEN people.labour_unknown = 0 THEN TRUE END AS is_without_labour
  FROM mart.household_status AS status
  CROSS JOIN parameter
  LEFT JOIN core.registry_household_now AS registry ON registry.household_id = status.household_id
  LEFT JOIN people ON people.household_id = status.household_id
)
SELECT
  household.household_id,
  household.village_code,
  household.person_count,
  indicator.mpi_indicator_no,
  indicator.mpi_weight,
  CASE indicator.mpi_indicator_no
    WHEN 1 THEN household.is_out_of_school
    WHEN 2 THEN household.is_unschooled
    WHEN 3 THEN household.is_uninsured
    WHEN 4 THEN household.is_medical_catastrophe
    WHEN 5 THEN household.is_house_unsafe
    WHEN 6 THEN household.is_water_unsafe
    WHEN 9 THEN household.is_without_labour
  END AS is_deprived
FROM household
CROSS JOIN ref.mpi_indicator AS indicator
