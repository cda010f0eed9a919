-- core.income_year
-- 部门数据能看到的年收入：每个人近十二个月的工资、养老金、低保和特困金、补贴，用来与登记收入互相印证。
-- Grain: one row per person_key with any of these incomes.
-- Scope: person_key
-- 政策依据: 北委发〔2019〕5号 三(一)1 及时纳入符合条件但遗漏在外的贫困人口；防止返贫监测以收入和支出为依据。
-- Inputs: core.earner, core.pension_payment_now, core.subsistence_allowance_now, core.special_hardship_now, core.card_payment_now,
--   core.disability_now, ref.run.
-- Limits: 只是部门能看到的部分，经营收入和实物收入看不到：低于标准只是疑点。整户保的低保金按保障人口平分到人，工资按近十二个整月内的务工月数计 (core.earner)；低保、特困、残疾补贴按现在的月额乘十二。
-- Tie-breaks: none (sums only).
WITH run AS (
  SELECT as_of
  FROM ref.run
),
pension AS (
  SELECT payment.person_key, sum(CASE WHEN payment.payment_kind_code = '4' THEN -payment.amount_yuan ELSE payment.amount_yuan END) AS pension_yuan
  FROM core.pension_payment_now AS payment
  CROSS JOIN run
  WHERE payment.payout_date > run.as_of - INTERVAL 1 YEAR AND payment.payout_date <= run.as_of AND coalesce(payment.payout_code, '1') = '1'
  GROUP BY payment.person_key
),
allowance AS (
  SELECT
    person_key,
    sum(12 * monthly_allowance_yuan / greatest(coalesce(CASE WHEN coverage_code = '1' THEN covered_count END, 1), 1)) AS allowance_yuan
  FROM core.subsistence_allowance_now
  WHERE benefit_stop_month IS NULL
  GROUP BY person_key
),
hardship AS (
  SELECT person_key, sum(12 * monthly_support_yuan) AS hardship_yuan
  FROM core.special_hardship_now
  WHERE benefit_stop_month IS NULL
  GROUP BY person_key
),
card AS (
  SELECT payment.person_key, sum(payment.amount_yuan) AS subsidy_yuan
  FROM core.card_payment_now AS payment
  CROSS JOIN run
  WHERE payment.payout_date > run.as_of - INTERVAL 1 YEAR AND payment.payout_date <= run.as_of AND coalesce(payment.payout_code, '1') = '1'
  GROUP BY payment.person_key
),
disabled AS (
  SELECT
    person_key,
    sum(12 * (
      CASE WHEN living_subsidy_end_month IS NULL THEN coalesce(living_subsidy_yuan, 0) ELSE 0 END
      + CASE WHEN nursing_subsidy_end_month IS NULL THEN coalesce(nursing_subsidy_yuan, 0) ELSE 0 END
    )) AS disability_yuan
  FROM core.disability_now
  WHERE status_code = '1'
  GROUP BY person_key
),
income AS (
  SELECT person_key, 'wage' AS kind, wage_yuan AS yuan FROM core.earner WHERE wage_yuan > 0
  UNION ALL
  SELECT person_key, 'pension' AS kind, pension_yuan AS yuan FROM pension
  UNION ALL
  SELECT person_key, 'allowance' AS kind, allowance_yuan AS yuan FROM allowance
  UNION ALL
  SELECT person_key, 'allowance' AS kind, hardship_yuan AS yuan FROM hardship
  UNION ALL
  SELECT person_key, 'subsidy' AS kind, subsidy_yuan AS yuan FROM card
  UNION ALL
  SELECT person_key, 'subsidy' AS kind, disability_yuan AS yuan FROM disabled
)
SELECT
  person_key,
  CAST(sum(CASE WHEN kind = 'wage' THEN yuan ELSE 0 END) AS DECIMAL(18, 2)) AS wage_yuan,
  CAST(sum(CASE WHEN kind = 'pension' THEN yuan ELSE 0 END) AS DECIMAL(18, 2)) AS pension_yuan,
  CAST(sum(CASE WHEN kind = 'allowance' THEN yuan ELSE 0 END) AS DECIMAL(18, 2)) AS allowance_yuan,
  CAST(sum(CASE WHEN kind = 'subsidy' THEN yuan ELSE 0 END) AS DECIMAL(18, 2)) AS subsidy_yuan,
  CAST(sum(yuan) AS DECIMAL(18, 2)) AS income_yuan
FROM income
WHERE person_key IS NOT NULL AND yuan IS NOT NULL
GROUP BY person_key
