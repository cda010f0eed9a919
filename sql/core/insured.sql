-- core.insured
-- 当年基本医疗参保：运行日所在年度有居民或职工医保记录的每个人。
-- Grain: one row per person_key with a basic insurance record of the run's year.
-- Scope: person_key
-- 政策依据: 北委发〔2019〕5号 二(一)3 基本医疗保险；国家脱贫攻坚普查公报。
-- Inputs: core.health_insurance_now, ref.run.
-- Limits: 没有记录不等于没有参保（可能在外地参保、参军）；大病保险和补充保险不算基本医疗。
-- Tie-breaks: 任一条正常参保即为参保；金额为各条之和，人员类别取代码最小的。
SELECT
  insurance.person_key,
  coalesce(max(CASE WHEN insurance.status_code = '1' THEN 1 ELSE 0 END), 0) = 1 AS is_insured,
  coalesce(max(CASE WHEN insurance.status_code = '1' AND insurance.insurance_code = '2' THEN 1 ELSE 0 END), 0) = 1 AS is_employee_insured,
  min(insurance.category_code) AS category_code,
  CAST(sum(insurance.personal_paid_yuan) AS DECIMAL(18, 2)) AS personal_paid_yuan,
  CAST(sum(insurance.subsidy_yuan) AS DECIMAL(18, 2)) AS subsidy_yuan
FROM core.health_insurance_now AS insurance
CROSS JOIN ref.run AS run
WHERE insurance.year = extract(YEAR FROM run.as_of) AND insurance.insurance_code IN ('1', '2') AND insurance.person_key IS NOT NULL
GROUP BY insurance.person_key
