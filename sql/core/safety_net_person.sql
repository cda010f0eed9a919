-- core.safety_net_person
-- 兜底保障到人：建档人口，以及低保、特困、持证残疾人、政府代缴对象，每个人该有什么、有了什么。
-- Grain: one row per person_key that is registered, on an allowance, supported as 特困, disabled or has premiums paid by the government.
-- Scope: person_key
-- 政策依据: 北委发〔2019〕5号 二(一)5 双向纳入、代缴养老保险费，二(三)2–3 残疾人康复；人社部发〔2017〕59号；国发〔2015〕52号；国发〔2016〕14号。
-- Inputs: core.member, core.deceased, core.schooling, core.registry_person_now, core.registry_household_now, core.subsistence_allowance_now,
--   core.special_hardship_now, core.disability_now, core.disability_service_now, core.social_insurance_now, core.premium_subsidy_now,
--   ref.parameter, ref.feed_state, ref.run.
-- Limits: 低保、特困以没有停发、停发年月晚于运行月的为在保。残疾证以有效的、发证最晚的一本为准；补贴按人加总各证，在运行月仍发的才算。
--   应代缴 = 未脱贫（含预脱贫、返贫）、低保、特困、一二级残疾，16 至 59 周岁，在世，不是在校生，没有参加职工或机关养老保险；当年脱贫、
--   当年死亡的已代缴不算错。代缴额取参保名单和代缴名单中大的一个，两处都没有数且代缴名单未到的为空。生活补贴应发 = 持有效证而在低保；护理补贴应发 =
--   一二级；特困人员两项都不应发（国发〔2015〕52号）。全表没有一行填补贴的视为没有报送，补贴为空。
--   康复服务 = 当年，或近十二个月内有康复、辅具、无障碍改造（验收不合格的不算）；上年的服务没有日期的也算。
-- Tie-breaks: 一人几本残疾证时取有效的、发证日期最晚的、证号键最小的一本。
WITH run AS (
  SELECT as_of, CAST(date_trunc('month', as_of) AS DATE) AS this_month, extract(YEAR FROM as_of) AS this_year
  FROM ref.run
),
parameter AS (
  SELECT
    max(CASE WHEN parameter.code = 'PENSION_JOIN_AGE' THEN parameter.value END) AS join_age,
    max(CASE WHEN parameter.code = 'PENSION_AGE' THEN parameter.value END) AS pension_age
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
ready AS (
  SELECT max(CASE WHEN is_present AND NOT is_stale THEN 1 ELSE 0 END) = 1 AS has_premium_list
  FROM ref.feed_state
  WHERE feed = 'premium_subsidy'
),
allowance AS (
  SELECT
    allowance.person_key,
    count(DISTINCT allowance.allowance_no) AS allowance_count,
    max(CASE WHEN allowance.rural_urban_code = '1' THEN 1 ELSE 0 END) = 1 AS is_rural_allowance,
    max(CASE WHEN allowance.rural_urban_code = '2' THEN 1 ELSE 0 END) = 1 AS is_urban_allowance
  FROM core.subsistence_allowance_now AS allowance
  CROSS JOIN run
  WHERE
    allowance.person_key IS NOT NULL AND allowance.benefit_start_month <= run.as_of
    AND (allowance.benefit_stop_month IS NULL OR allowance.benefit_stop_month > run.as_of)
  GROUP BY allowance.person_key
),
hardship AS (
  SELECT hardship.person_key
  FROM core.special_hardship_now AS hardship
  CROSS JOIN run
  WHERE
    hardship.person_key IS NOT NULL AND hardship.benefit_start_month <= run.as_of
    AND (hardship.benefit_stop_month IS NULL OR hardship.benefit_stop_month > run.as_of)
  GROUP BY hardship.person_key
),
ranked AS (
  SELECT
    card.person_key, card.disability_category_code, card.disability_grade_code,
    card.status_code = '1' AND coalesce(card.certificate_expiry_date >= run.as_of, TRUE) AS is_valid,
    row_number() OVER (
      PARTITION BY card.person_key
      ORDER BY
        CASE WHEN card.status_code = '1' AND coalesce(card.certificate_expiry_date >= run.as_of, TRUE) THEN 0 ELSE 1 END,
        card.certified_date DESC NULLS LAST, card.disability_cert_key
    ) AS choice
  FROM core.disability_now AS card
  CROSS JOIN run
  WHERE card.person_key IS NOT NULL
),
reported AS (
  SELECT count(living_subsidy_yuan) > 0 AS has_living, count(nursing_subsidy_yuan) > 0 AS has_nursing
  FROM core.disability_now
),
subsidised AS (
  SELECT
    card.person_key,
    sum(
      CASE
        WHEN coalesce(card.living_subsidy_start_month <= run.as_of, TRUE) AND coalesce(card.living_subsidy_end_month >= run.this_month, TRUE)
          THEN coalesce(card.living_subsidy_yuan, 0)
        ELSE 0
      END
    ) AS living_subsidy_yuan,
    sum(
      CASE
        WHEN coalesce(card.nursing_subsidy_start_month <= run.as_of, TRUE) AND coalesce(card.nursing_subsidy_end_month >= run.this_month, TRUE)
          THEN coalesce(card.nursing_subsidy_yuan, 0)
        ELSE 0
      END
    ) AS nursing_subsidy_yuan
  FROM core.disability_now AS card
  CROSS JOIN run
  WHERE card.person_key IS NOT NULL
  GROUP BY card.person_key
),
disabled AS (
  SELECT
    ranked.person_key, ranked.disability_category_code, ranked.disability_grade_code, ranked.is_valid,
    CASE WHEN reported.has_living THEN subsidised.living_subsidy_yuan END AS living_subsidy_yuan,
    CASE WHEN reported.has_nursing THEN subsidised.nursing_subsidy_yuan END AS nursing_subsidy_yuan
  FROM ranked
  INNER JOIN subsidised ON subsidised.person_key = ranked.person_key
  CROSS JOIN reported
  WHERE ranked.choice = 1
),
served AS (
  SELECT service.person_key
  FROM core.disability_service_now AS service
  CROSS JOIN run
  WHERE
    service.person_key IS NOT NULL AND service.service_code IN ('1', '2', '3') AND coalesce(service.acceptance_code, '1') <> '3'
    AND (
      service.year = run.this_year OR (service.service_date > run.as_of - INTERVAL 12 MONTH AND service.service_date <= run.as_of)
      OR (service.year = run.this_year - 1 AND service.service_date IS NULL)
    )
  GROUP BY service.person_key
),
premium AS (
  SELECT subsidy.person_key, sum(subsidy.government_paid_yuan) AS listed_paid_yuan
  FROM core.premium_subsidy_now AS subsidy
  CROSS JOIN run
  WHERE subsidy.person_key IS NOT NULL AND subsidy.year = run.this_year
  GROUP BY subsidy.person_key
),
listed AS (
  SELECT person_key FROM core.member WHERE is_registered
  UNION
  SELECT person_key FROM allowance
  UNION
  SELECT person_key FROM hardship
  UNION
  SELECT person_key FROM disabled
  UNION
  SELECT person_key FROM premium WHERE listed_paid_yuan > 0
  UNION
  SELECT insurance.person_key
  FROM core.social_insurance_now AS insurance
  CROSS JOIN run
  WHERE insurance.person_key IS NOT NULL AND insurance.government_paid_yuan > 0 AND insurance.year = run.this_year
),
insured AS (
  SELECT
    insurance.person_key,
    max(CASE WHEN insurance.insurance_code IN ('2', '3') AND insurance.status_code IN ('1', '4') AND insurance.year >= run.this_year - 1 THEN 1 ELSE 0 END) = 1 AS is_employee,
    max(
      CASE
        WHEN insurance.receiving_code = '1' OR (insurance.receiving_code IS NULL AND insurance.status_code = '4') THEN 1
        ELSE 0
      END
    ) = 1 AS is_pensioner,
    count(CASE WHEN insurance.year = run.this_year THEN insurance.person_key END) AS this_year_count,
    sum(CASE WHEN insurance.year = run.this_year THEN insurance.government_paid_yuan END) AS insured_paid_yuan
  FROM core.social_insurance_now AS insurance
  INNER JOIN listed ON listed.person_key = insurance.person_key
  CROSS JOIN run
  GROUP BY insurance.person_key
),
known AS (
  SELECT
    listed.person_key,
    member.household_id,
    member.village_code,
    member.birth_date,
    member.age,
    coalesce(member.is_registered, FALSE) AS is_registered,
    coalesce(member.is_poor, FALSE) AS is_poor,
    coalesce(member.is_rural AND member.is_on_register, FALSE) AS is_rural_resident,
    coalesce(household.exit_year >= run.this_year, FALSE) AS is_exited_this_year,
    deceased.person_key IS NOT NULL OR coalesce(member.is_deceased, FALSE) AS is_dead,
    deceased.death_date,
    coalesce(allowance.allowance_count, 0) AS allowance_count,
    coalesce(allowance.is_rural_allowance, FALSE) AS is_rural_allowance,
    coalesce(allowance.is_urban_allowance, FALSE) AS is_urban_allowance,
    hardship.person_key IS NOT NULL AS is_hardship,
    coalesce(disabled.is_valid, FALSE) AS is_certified,
    disabled.disability_category_code,
    disabled.disability_grade_code,
    disabled.living_subsidy_yuan,
    disabled.nursing_subsidy_yuan,
    served.person_key IS NOT NULL AS is_served,
    coalesce(schooling.is_enrolled, FALSE) AS is_enrolled,
    coalesce(registry_person.student_status_code, '01') <> '01' AS is_listed_student,
    coalesce(insured.is_employee, FALSE) AS is_employee,
    coalesce(insured.is_pensioner, FALSE) AS is_pensioner,
    CASE
      WHEN premium.listed_paid_yuan IS NOT NULL OR insured.insured_paid_yuan IS NOT NULL
        THEN greatest(coalesce(premium.listed_paid_yuan, 0), coalesce(insured.insured_paid_yuan, 0))
      WHEN coalesce(insured.this_year_count, 0) = 0 OR ready.has_premium_list THEN 0
    END AS government_paid_yuan
  FROM listed
  CROSS JOIN run
  CROSS JOIN ready
  LEFT JOIN core.member AS member ON member.person_key = listed.person_key
  LEFT JOIN core.registry_household_now AS household ON household.household_id = member.household_id
  LEFT JOIN core.registry_person_now AS registry_person ON registry_person.person_id = member.person_id
  LEFT JOIN core.deceased AS deceased ON deceased.person_key = listed.person_key
  LEFT JOIN allowance ON allowance.person_key = listed.person_key
  LEFT JOIN hardship ON hardship.person_key = listed.person_key
  LEFT JOIN disabled ON disabled.person_key = listed.person_key
  LEFT JOIN served ON served.person_key = listed.person_key
  LEFT JOIN core.schooling AS schooling ON schooling.person_key = listed.person_key
  LEFT JOIN insured ON insured.person_key = listed.person_key
  LEFT JOIN premium ON premium.person_key = listed.person_key
),
categorised AS (
  SELECT
    known.*,
    CASE
      WHEN known.is_poor THEN '未脱贫'
      WHEN known.allowance_count > 0 THEN '低保'
      WHEN known.is_hardship THEN '特困'
      WHEN known.is_certified AND known.disability_grade_code IN ('1', '2') THEN '重残'
    END AS premium_category
  FROM known
)
SELECT
  categorised.person_key,
  categorised.household_id,
  categorised.village_code,
  categorised.birth_date,
  categorised.age,
  categorised.is_registered,
  categorised.is_poor,
  categorised.is_rural_resident,
  categorised.is_dead,
  categorised.allowance_count,
  categorised.is_rural_allowance,
  categorised.is_urban_allowance,
  categorised.is_hardship,
  categorised.is_certified,
  categorised.disability_category_code,
  categorised.disability_grade_code,
  categorised.premium_category,
  categorised.is_employee,
  categorised.is_pensioner,
  CAST(categorised.government_paid_yuan AS DECIMAL(18, 2)) AS government_paid_yuan,
  categorised.premium_category IS NOT NULL AND NOT categorised.is_dead AND NOT categorised.is_enrolled AND NOT categorised.is_listed_student
  AND NOT categorised.is_employee
  AND coalesce(categorised.age >= parameter.join_age AND categorised.age < parameter.pension_age, FALSE) AS is_premium_due,
  CASE
    WHEN categorised.government_paid_yuan IS NULL OR categorised.government_paid_yuan <= 0 THEN NULL
    WHEN categorised.death_date < make_date(CAST(run.this_year AS INTEGER), 1, 1) THEN '已死亡'
    WHEN categorised.is_employee THEN '参加职工或机关养老保险'
    WHEN run.this_year - extract(YEAR FROM categorised.birth_date) > parameter.pension_age THEN '已满60周岁'
    WHEN categorised.is_enrolled AND categorised.age >= parameter.join_age THEN '在校学生'
    WHEN categorised.age < parameter.join_age THEN '未满16周岁'
    WHEN categorised.premium_category IS NULL AND NOT categorised.is_exited_this_year AND NOT categorised.is_dead THEN '不是代缴对象'
  END AS premium_fault,
  categorised.is_certified AND categorised.allowance_count > 0 AND NOT categorised.is_hardship AND NOT categorised.is_dead AS is_living_due,
  CAST(categorised.living_subsidy_yuan AS DECIMAL(18, 2)) AS living_subsidy_yuan,
  categorised.is_certified AND categorised.disability_grade_code IN ('1', '2') AND NOT categorised.is_hardship
  AND NOT categorised.is_dead AS is_nursing_due,
  CAST(categorised.nursing_subsidy_yuan AS DECIMAL(18, 2)) AS nursing_subsidy_yuan,
  categorised.is_certified AND categorised.is_poor AND NOT categorised.is_dead AS is_service_due,
  categorised.is_served
FROM categorised
CROSS JOIN run
CROSS JOIN parameter
