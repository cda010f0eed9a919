-- mart.benefit_band
-- 各收入段得到的帮扶和补助：县、乡、村三级，按人均收入相对扶贫标准分六段，建档立卡户与未建档户各多少户、户均多少元。
-- Grain: one row per area level, area, benefit_group (建档立卡户 / 未建档户) and income band, on the run date.
-- 政策依据: 北委发〔2019〕5号 一(二) 避免“悬崖效应”；四(七) 防止享受政策利益失衡。
-- Inputs: core.registry_household_now, core.aid_measure_now, core.income_year, core.member, ref.parameter, ref.run, ref.area.
-- Limits: 建档户的收入为登记的人均纯收入，未建档户只有部门看得见的收入（工资、养老、低保、补贴）÷ 户口簿人数，口径不同，两组只能比形状不能比水平；
--   部门没有任何收入记录的未建档户不在内。补助 = 近十二个月帮扶措施登记金额 + 低保特困 + 惠农补贴和残疾人补贴。标准未录入时没有行。段含下限、不含上限。
-- Tie-breaks: none (counts and sums only).
WITH parameter AS (
  SELECT max(CASE WHEN parameter.code = 'LINE_NAT_WORK' THEN parameter.value END) AS line
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
aid AS (
  SELECT measure.household_id, sum(measure.aid_yuan) AS aid_yuan
  FROM core.aid_measure_now AS measure
  CROSS JOIN ref.run AS run
  WHERE measure.aid_date > run.as_of - INTERVAL 1 YEAR AND measure.aid_date <= run.as_of
  GROUP BY measure.household_id
),
-- Every family that a department's figures speak of, and who of it is rural and not registered.
relief AS (
  SELECT
    member.family_key,
    sum(income.allowance_yuan + income.subsidy_yuan) AS relief_yuan,
    sum(income.wage_yuan + income.pension_yuan) AS earned_yuan,
    max(CASE WHEN NOT (member.is_registered OR member.is_deceased OR member.has_registered_kin) AND member.is_rural THEN member.village_code END) AS village_code,
    count(CASE WHEN NOT (member.is_registered OR member.is_deceased OR member.has_registered_kin) AND member.is_rural THEN 1 END) AS persons
  FROM core.member AS member
  LEFT JOIN core.income_year AS income ON income.person_key = member.person_key
  GROUP BY member.family_key
  HAVING count(income.person_key) > 0
),
family AS (
  SELECT
    coalesce(registry.village_code, '不详') AS village_code, '建档立卡户' AS benefit_group, registry.household_id, 'R' || registry.household_id AS family_key,
    CAST(registry.net_income_per_head_yuan AS DOUBLE) AS income,
    coalesce(aid.aid_yuan, 0) + coalesce(relief.relief_yuan, 0) AS benefit_yuan
  FROM core.registry_household_now AS registry
  LEFT JOIN aid ON aid.household_id = registry.household_id
  LEFT JOIN relief ON relief.family_key = 'R' || registry.household_id
  UNION ALL
  SELECT
    coalesce(village_code, '不详') AS village_code, '未建档户' AS benefit_group, CAST(NULL AS VARCHAR) AS household_id, family_key,
    CAST(earned_yuan + relief_yuan AS DOUBLE) / persons AS income,
    relief_yuan AS benefit_yuan
  FROM relief
  WHERE persons > 0
),
banded AS (
  SELECT
    family.village_code, family.benefit_group, family.household_id, family.family_key, family.benefit_yuan,
    CASE
      WHEN family.income < 0.6 * parameter.line THEN '1：0.6 以下'
      WHEN family.income < 0.8 * parameter.line THEN '2：0.6—0.8'
      WHEN family.income < parameter.line THEN '3：0.8—1'
      WHEN family.income < 1.2 * parameter.line THEN '4：1—1.2'
      WHEN family.income < 1.5 * parameter.line THEN '5：1.2—1.5'
      ELSE '6：1.5 以上'
    END AS income_band
  FROM family
  CROSS JOIN parameter
  WHERE family.income IS NOT NULL AND parameter.line IS NOT NULL
),
village_band AS (
  SELECT village_code, benefit_group, income_band, count(*) AS households, sum(benefit_yuan) AS benefit_yuan
  FROM banded
  GROUP BY village_code, benefit_group, income_band
),
area_row AS (
  SELECT '村' AS area_level, village_code AS area_code, village_band.* FROM village_band
  UNION ALL
  SELECT '乡' AS area_level, substr(village_code, 1, 9) AS area_code, village_band.* FROM village_band
  UNION ALL
  SELECT '县' AS area_level, substr(village_code, 1, 6) AS area_code, village_band.* FROM village_band
),
summed AS (
  SELECT
    area_level, area_code, benefit_group, income_band, CAST(sum(households) AS BIGINT) AS households, sum(benefit_yuan) AS benefit_yuan
  FROM area_row
  GROUP BY area_level, area_code, benefit_group, income_band
)
SELECT
  summed.area_level,
  summed.area_code,
  area_name.area,
  summed.benefit_group,
  summed.income_band,
  summed.households AS band_households,
  CAST(summed.benefit_yuan AS DECIMAL(18, 2)) AS band_benefit_yuan,
  CAST(CAST(summed.benefit_yuan AS DOUBLE) / summed.households AS DECIMAL(18, 2)) AS band_mean_benefit_yuan
FROM summed
LEFT JOIN ref.area AS area_name ON area_name.area_level = summed.area_level AND area_name.area_code = summed.area_code
