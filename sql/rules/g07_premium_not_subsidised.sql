-- G07 参保资助未落实
-- 应由财政资助参加居民医保的人，自己缴了全部个人缴费、没有得到资助的。
-- 政策依据: 北委发〔2019〕5号 二(一)3；医疗救助资助参保：建档立卡、低保、特困、重残人员。
-- Severity: 橙
-- Owner: yibao
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: person（户内成员，按人判断）
-- Scope: person_key
-- Parameters: MED_FEE
-- Feeds: health_insurance, registry_person, registry_household, household_registration
-- Undone by: health_insurance
-- Inputs: core.health_insurance_now, core.member, ref.parameter, ref.run.
-- Limits: 应资助的人：建档立卡（不再享受政策的除外），或者医保登记为低保、特困、重残类别的。个人缴费恰好等于标准即为全额；缴费没有填的无法判定。先缴后补、有资助金额的不算。
--   职工医保不算。缴费标准是当年的参数，没有录入的年度为参数缺失。
-- Tie-breaks: none (sums only); 人员类别取代码最小的。
WITH parameter AS (
  SELECT max(CASE WHEN parameter.code = 'MED_FEE' THEN parameter.value END) AS insurance_fee_yuan
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
paid AS (
  SELECT
    insurance.person_key,
    min(insurance.category_code) AS category_code,
    max(CASE WHEN insurance.category_code IN ('2', '3', '4') THEN 1 ELSE 0 END) = 1 AS is_in_category,
    sum(insurance.personal_paid_yuan) AS insurance_paid_yuan,
    sum(coalesce(insurance.subsidy_yuan, 0)) AS insurance_subsidy_yuan
  FROM core.health_insurance_now AS insurance
  CROSS JOIN ref.run AS run
  WHERE insurance.year = extract(YEAR FROM run.as_of) AND insurance.insurance_code = '1' AND insurance.status_code = '1'
    AND insurance.person_key IS NOT NULL
  GROUP BY insurance.person_key
)
SELECT
  CAST(member.person_key AS VARCHAR) AS subject,
  member.person_key,
  member.household_id,
  member.village_code,
  CASE
    WHEN paid.insurance_subsidy_yuan > 0 THEN '未命中'
    WHEN paid.insurance_paid_yuan IS NULL THEN '无法判定'
    WHEN paid.insurance_paid_yuan >= parameter.insurance_fee_yuan THEN '命中'
    ELSE '未命中'
  END AS verdict,
  member.is_registered,
  paid.category_code AS insurance_category_code,
  CAST(paid.insurance_paid_yuan AS DECIMAL(18, 2)) AS insurance_paid_yuan,
  CAST(paid.insurance_subsidy_yuan AS DECIMAL(18, 2)) AS insurance_subsidy_yuan,
  parameter.insurance_fee_yuan
FROM paid
INNER JOIN core.member AS member ON member.person_key = paid.person_key
CROSS JOIN parameter
WHERE NOT member.is_deceased
  AND (paid.is_in_category OR member.is_registered AND coalesce(member.poverty_status_code IN ('0', '1', '2', '3'), FALSE))
