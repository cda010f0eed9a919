-- 就业: one row per job. Registered workers are those whom the registry lists with months of work, and a family's wages add up to what it lists as
-- 工资性收入; of the others about half the adults are known. Adults of omitted households are known to be without work.
WITH listed AS (
  SELECT *, is_registered AND age BETWEEN 19 AND 60 AND NOT is_disabled AND NOT is_dead AND u(pno, 'away') < 500000 AS is_worker,
    NOT is_registered AND NOT is_omitted AND NOT is_dead AND age BETWEEN 19 AND 60 AND NOT (is_disabled AND disability_level < 3) AND u(pno, 'employed') < 550000 AS is_known,
    is_omitted AND age BETWEEN 16 AND 59 AND NOT is_pupil AS is_idle, CASE WHEN is_registered THEN 1 + dice(pno, 'months', 12) ELSE 8 + dice(pno, 'months', 5) END AS months
  FROM person
), shared AS (
  SELECT *, count(*) FILTER (is_worker) OVER (PARTITION BY hno) AS workers,
    (CASE WHEN is_poor THEN 210000 + dice(hno, 'income', 150000) ELSE 450000 + dice(hno, 'income', 1100000) END) * size * (30 + dice(hno, 'wage', 25)) // 100 AS family_wage
  FROM listed
), paid AS (
  SELECT *, CASE WHEN is_worker THEN least(family_wage // workers // months, 900000) WHEN is_known THEN 200000 + 5000 * dice(pno, 'monthly wage', 50) END
      + CASE WHEN is_changed(pno, 'employment') THEN 100 ELSE 0 END AS wage,
    CASE WHEN is_idle THEN '0' WHEN is_registered AND u(pno, 'away') < 300000 OR is_known AND u(pno, 'form') < 400000 THEN '1' WHEN is_registered AND u(pno, 'form') < 150000 THEN '3'
      WHEN u(pno, 'form') < 900000 THEN '2' ELSE '6' END AS form
  FROM shared WHERE is_worker OR is_known OR is_idle
)
SELECT pno, name, citizen_id, CASE WHEN NOT is_registered THEN '02' WHEN age > 60 THEN '05' WHEN u(pno, 'skill') < 100000 THEN '01' ELSE '02' END AS labour_code,
  CASE WHEN is_idle THEN '3' ELSE '1' END AS status_code, form AS employment_form_code,
  CASE form WHEN '0' THEN NULL WHEN '3' THEN town_name || '人民政府' WHEN '6' THEN NULL ELSE char_of('丰润泰鑫盛源', pno, 'employer') || char_of('达宏兴安', pno, 'employer 2') || '劳务有限公司' END AS employer,
  CAST(NULL AS VARCHAR) AS credit_code,
  CASE WHEN form = '1' THEN CASE WHEN is_registered AND u(pno, 'away') < 150000 THEN '省外' ELSE '县外省内' END WHEN form <> '0' THEN '乡镇内' END AS work_place,
  CAST(greatest(2014 + dice(pno, 'since', 3), year(birth_date) + 16) AS VARCHAR) || '-' || digits(1 + dice(pno, 'since month', 12), 2) AS start_month, CAST(NULL AS VARCHAR) AS end_month,
  CASE WHEN NOT is_idle THEN CAST(months AS VARCHAR) END AS work_months, yuan(wage) AS monthly_wage_yuan,
  CASE WHEN NOT is_idle THEN yes_no(u(pno, 'contract') < 400000) END AS is_contract_signed, CASE WHEN NOT is_idle THEN yes_no(u(pno, 'contract') < 250000) END AS is_social_insured,
  CASE WHEN form = '3' THEN CAST(1 + dice(pno, 'post', 6) AS VARCHAR) END AS post_code, CASE WHEN form = '3' THEN '300.00' END AS post_subsidy_yuan, yes_no(FALSE) AS is_graduate, data_date,
  NOT is_omitted AND hno NOT IN (SELECT hno FROM marked) AS is_spare
FROM paid ORDER BY pno
