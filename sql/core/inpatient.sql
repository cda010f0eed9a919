-- core.inpatient
-- 建档立卡人口住院：近十二个月每次住院的费用和各层支付，红冲、重复结算已冲抵，多重保障在哪一层没有到位。
-- Grain: one row per registered person and stay (hospital and day of admission) whose settlements do not cancel each other.
-- Scope: person_key
-- 政策依据: 北委发〔2019〕5号 二(一)3 “基本医疗保险、大病保险、医疗救助和医疗补充保险等多重保障”。
-- Inputs: core.health_settlement_now, core.registry_person_now, core.member, ref.parameter, ref.run.
-- Limits: 恒等式：总费用 = 四层支付 + 合规内自付 + 目录外自费；政策范围内费用 = 四层支付 + 合规内自付，误差不超过 0.01 元。大病保险起付线各地不同、尚未录入，
--   这一层只用报销比例看；报销比例只看县域内住院，恰好等于目标减容差的不算低。入院日期没有填的按结算日期归并。某一层没有填报的为“费用项目不全”。
-- Tie-breaks: none (sums); 一次住院有几个问题时按本文件的次序取一个。
WITH parameter AS (
  SELECT
    max(CASE WHEN parameter.code = 'MED_RATIO' THEN parameter.value END)
    - max(CASE WHEN parameter.code = 'MED_RATIO_TOLERANCE' THEN parameter.value END) AS least_ratio
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
listed AS (
  SELECT person_key
  FROM core.registry_person_now
  GROUP BY person_key
),
stay AS (
  SELECT
    settlement.person_key,
    coalesce(settlement.admitted_date, settlement.settled_date) AS admitted_date,
    max(settlement.settled_date) AS settled_date,
    max(CASE WHEN settlement.is_in_county THEN 1 WHEN NOT settlement.is_in_county THEN 0 END) = 1 AS is_in_county,
    sum(settlement.total_yuan) AS total_yuan,
    sum(settlement.eligible_yuan) AS eligible_yuan,
    max(settlement.deductible_yuan) AS deductible_yuan,
    sum(settlement.basic_paid_yuan) AS basic_paid_yuan,
    sum(settlement.serious_paid_yuan) AS serious_paid_yuan,
    sum(settlement.assistance_paid_yuan) AS assistance_paid_yuan,
    sum(settlement.supplement_paid_yuan) AS supplement_paid_yuan,
    sum(settlement.self_paid_yuan) AS self_paid_yuan,
    sum(settlement.own_expense_yuan) AS own_expense_yuan,
    count(
      settlement.eligible_yuan + settlement.basic_paid_yuan + settlement.serious_paid_yuan + settlement.assistance_paid_yuan
      + settlement.supplement_paid_yuan + settlement.self_paid_yuan + settlement.own_expense_yuan
    ) = count(*) AS is_complete
  FROM core.health_settlement_now AS settlement
  INNER JOIN listed ON listed.person_key = settlement.person_key
  CROSS JOIN ref.run AS run
  WHERE settlement.visit_code = '1' AND settlement.settled_date > run.as_of - INTERVAL 1 YEAR AND settlement.settled_date <= run.as_of
  GROUP BY settlement.person_key, settlement.hospital, coalesce(settlement.admitted_date, settlement.settled_date)
  HAVING sum(settlement.total_yuan) > 0
),
paid AS (
  SELECT
    stay.*,
    coalesce(basic_paid_yuan, 0) + coalesce(serious_paid_yuan, 0) + coalesce(assistance_paid_yuan, 0) + coalesce(supplement_paid_yuan, 0)
      AS tier_paid_yuan
  FROM stay
)
SELECT
  paid.person_key,
  member.household_id,
  member.village_code,
  member.poverty_status_code,
  paid.admitted_date,
  paid.settled_date,
  paid.is_in_county,
  CAST(paid.total_yuan AS DECIMAL(18, 2)) AS total_yuan,
  CAST(paid.eligible_yuan AS DECIMAL(18, 2)) AS eligible_yuan,
  CAST(coalesce(paid.basic_paid_yuan, 0) AS DECIMAL(18, 2)) AS basic_paid_yuan,
  CAST(coalesce(paid.serious_paid_yuan, 0) AS DECIMAL(18, 2)) AS serious_paid_yuan,
  CAST(coalesce(paid.assistance_paid_yuan, 0) AS DECIMAL(18, 2)) AS assistance_paid_yuan,
  CAST(coalesce(paid.supplement_paid_yuan, 0) AS DECIMAL(18, 2)) AS supplement_paid_yuan,
  CAST(paid.tier_paid_yuan AS DECIMAL(18, 2)) AS tier_paid_yuan,
  CAST(coalesce(paid.self_paid_yuan, 0) AS DECIMAL(18, 2)) AS self_paid_yuan,
  CAST(coalesce(paid.own_expense_yuan, 0) AS DECIMAL(18, 2)) AS own_expense_yuan,
  CASE WHEN paid.eligible_yuan > 0 THEN CAST(CAST(paid.tier_paid_yuan AS DOUBLE) / paid.eligible_yuan AS DECIMAL(12, 8)) END AS policy_ratio,
  CASE
    WHEN NOT paid.is_complete THEN '费用项目不全'
    WHEN abs(paid.total_yuan - paid.tier_paid_yuan - paid.self_paid_yuan - paid.own_expense_yuan) > 0.01 THEN '总费用与各项之和不平'
    WHEN abs(paid.eligible_yuan - paid.tier_paid_yuan - paid.self_paid_yuan) > 0.01 THEN '合规费用与各层支付不平'
    WHEN paid.basic_paid_yuan = 0 AND paid.eligible_yuan > coalesce(paid.deductible_yuan, 0) THEN '基本医保未支付'
    WHEN paid.assistance_paid_yuan = 0 AND paid.eligible_yuan - paid.basic_paid_yuan - paid.serious_paid_yuan > 0.01 THEN '医疗救助未支付'
    WHEN paid.supplement_paid_yuan = 0 AND paid.eligible_yuan - paid.basic_paid_yuan - paid.serious_paid_yuan - paid.assistance_paid_yuan > 0.01
      THEN '补充保险未支付'
    WHEN parameter.least_ratio IS NULL THEN '参数未录入'
    WHEN paid.is_in_county AND paid.tier_paid_yuan < parameter.least_ratio * paid.eligible_yuan THEN '报销比例低于目标'
    WHEN paid.is_in_county IS NULL AND paid.tier_paid_yuan < parameter.least_ratio * paid.eligible_yuan THEN '是否县域内不详'
    ELSE '逐层到位'
  END AS settlement_basis
FROM paid
INNER JOIN core.member AS member ON member.person_key = paid.person_key
CROSS JOIN parameter
