-- core.family_income
-- 户的收入：建档立卡户、有困难的农村户和低保户，登记的人均纯收入、部门能看到的近十二个月收入、看不到收入的劳动年龄人数。
-- Grain: one row per family_key that is registered, in core.family_strain, or has a member on the rural allowance.
-- Scope: family_key
-- 政策依据: 北委发〔2019〕5号 三(一)1 及时纳入遗漏在外的贫困人口；国开发〔2020〕6号 以家庭收入和刚性支出为监测依据。
-- Inputs: core.member, core.family_strain, core.income_year, core.earner, core.schooling, core.disability_now, core.subsistence_allowance_now,
--   core.business_registration_now, core.registry_household_now, core.household_registration_now, ref.parameter, ref.run.
-- Limits: 部门看得到的收入只是下限。16—59 岁、不在校、无一二级残疾、又没有就业记录（或工资空缺）的成员，和名下有存续企业、个体工商户的成员，
--   收入看不到，计入 unseen_count：不为零的户不能说收入低。watched_income_per_head_yuan 是建档户近十二个月人均纯收入：登记的人均纯收入，有成员失去工作的
--   减去工资比登记少了的部分。登记的收入为空的户这一列也为空。head_person_key 为建档户户主；其他户为户口簿户主，没有的取键最小的成员。
-- Tie-breaks: none (sums, counts and smallest keys only).
WITH parameter AS (
  SELECT
    max(CASE WHEN parameter.code = 'PENSION_JOIN_AGE' THEN parameter.value END) AS labour_from,
    max(CASE WHEN parameter.code = 'PENSION_AGE' THEN parameter.value END) AS labour_to
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
living AS (
  SELECT person_key, family_key, household_id, village_code, age, is_registered, has_registered_kin
  FROM core.member
  WHERE NOT is_deceased AND (is_registered OR (is_rural AND is_on_register))
),
assisted AS (
  SELECT person_key, max(monthly_income_per_head_yuan) AS monthly_income_per_head_yuan
  FROM core.subsistence_allowance_now
  WHERE benefit_stop_month IS NULL AND rural_urban_code = '1'
  GROUP BY person_key
),
wanted AS (
  SELECT family_key FROM core.family_strain
  UNION
  SELECT living.family_key
  FROM living
  INNER JOIN assisted ON assisted.person_key = living.person_key
),
of_interest AS (
  SELECT living.*
  FROM living
  WHERE living.is_registered OR living.family_key IN (SELECT family_key FROM wanted)
),
severe AS (
  SELECT person_key
  FROM core.disability_now
  WHERE status_code = '1' AND disability_grade_code IN ('1', '2')
  GROUP BY person_key
),
-- The person, 经营者 or 法定代表人 or a shareholder, of a business that goes on; ordinary members of cooperatives earn nothing by it.
trader AS (
  SELECT person_key
  FROM core.business_registration_now
  WHERE enterprise_status_code = '1' AND role_code IN ('1', '2', '3')
  GROUP BY person_key
),
book_head AS (
  SELECT register.person_key
  FROM core.household_registration_now AS register
  WHERE register.relation_code = '02'
),
family AS (
  SELECT
    living.family_key,
    max(living.household_id) AS household_id,
    coalesce(min(CASE WHEN book_head.person_key IS NOT NULL THEN living.person_key END), min(living.person_key)) AS head_person_key,
    min(living.village_code) AS village_code,
    bool_or(living.is_registered) AS is_registered,
    bool_or(living.has_registered_kin) AS has_registered_kin,
    count(*) AS living_count,
    sum(coalesce(income.wage_yuan, 0)) AS wage_yuan,
    sum(coalesce(income.income_yuan, 0)) AS visible_income_yuan,
    sum(coalesce(income.allowance_yuan, 0)) AS allowance_yuan,
    count(*) FILTER (WHERE assisted.person_key IS NOT NULL) AS allowance_count,
    max(assisted.monthly_income_per_head_yuan) AS means_tested_income_yuan,
    count(*) FILTER (WHERE severe.person_key IS NOT NULL) AS severe_count,
    count(*) FILTER (
      WHERE trader.person_key IS NOT NULL
      OR (
        coalesce(living.age, parameter.labour_from) >= parameter.labour_from AND coalesce(living.age, parameter.labour_from) < parameter.labour_to
        AND severe.person_key IS NULL AND NOT coalesce(schooling.is_enrolled, FALSE) AND NOT coalesce(earner.is_wage_known, FALSE)
      )
    ) AS unseen_count
  FROM of_interest AS living
  CROSS JOIN parameter
  LEFT JOIN core.income_year AS income ON income.person_key = living.person_key
  LEFT JOIN core.earner AS earner ON earner.person_key = living.person_key
  LEFT JOIN core.schooling AS schooling ON schooling.person_key = living.person_key
  LEFT JOIN assisted ON assisted.person_key = living.person_key
  LEFT JOIN severe ON severe.person_key = living.person_key
  LEFT JOIN trader ON trader.person_key = living.person_key
  LEFT JOIN book_head ON book_head.person_key = living.person_key
  GROUP BY living.family_key
)
SELECT
  family.family_key,
  family.household_id,
  coalesce(household.person_key, family.head_person_key) AS head_person_key,
  coalesce(household.village_code, family.village_code) AS village_code,
  family.is_registered,
  family.has_registered_kin,
  household.poverty_status_code,
  family.living_count,
  family.unseen_count,
  family.severe_count,
  family.allowance_count,
  CAST(12 * family.means_tested_income_yuan AS DECIMAL(18, 2)) AS means_tested_income_yuan,
  CAST(family.visible_income_yuan AS DECIMAL(18, 2)) AS visible_income_yuan,
  CAST(family.visible_income_yuan / family.living_count AS DECIMAL(18, 2)) AS visible_income_per_head_yuan,
  CAST((family.visible_income_yuan - family.allowance_yuan) / family.living_count AS DECIMAL(18, 2)) AS unassisted_income_per_head_yuan,
  household.net_income_per_head_yuan,
  CAST(
    household.net_income_per_head_yuan - CASE
      WHEN strain.lost_work_count > 0 THEN greatest(coalesce(household.wage_income_yuan, 0) - family.wage_yuan, 0) / household.member_count
      ELSE 0
    END AS DECIMAL(18, 2)
  ) AS watched_income_per_head_yuan,
  CASE WHEN family.is_registered THEN household.member_count ELSE family.living_count END AS head_count
FROM family
LEFT JOIN core.registry_household_now AS household ON household.household_id = family.household_id
LEFT JOIN core.family_strain AS strain ON strain.family_key = family.family_key
