-- 医疗结算: one row per settled bill; 总费用 = 基本 + 大病 + 救助 + 补充 + 自付 + 自费 to the cent.
WITH bill AS (
  SELECT pno * 10 + visit AS bno, *, u(pno * 10 + visit, 'kind') < 250000 AS is_inpatient
  FROM (SELECT pno, name, citizen_id, is_registered, is_spare, town_name, unnest(range(1, 1 + CASE WHEN age > 60 THEN 1 ELSE 0 END
      + CASE WHEN u(pno, 'visits') < 350000 THEN 0 WHEN u(pno, 'visits') < 650000 THEN 1 WHEN u(pno, 'visits') < 850000 THEN 2 WHEN u(pno, 'visits') < 950000 THEN 3 ELSE 4 END)) AS visit
    FROM person WHERE NOT is_dead)
), priced AS (
  SELECT *, CASE WHEN is_inpatient THEN 250000 + dice(bno, 'cost', CASE WHEN u(bno, 'grave') < 80000 THEN 9000000 ELSE 1200000 END) ELSE 3000 + dice(bno, 'cost', 60000) END AS total,
    CASE WHEN u(bno, 'where') < 700000 THEN 1 WHEN u(bno, 'where') < 900000 THEN 2 ELSE 3 END AS tier,
    DATE '2018-07-01' + CAST(dice(bno, 'admitted', 340) AS INTEGER) AS admitted
  FROM bill
), eligible AS (
  SELECT *, total - total * (5 + dice(bno, 'own', 15)) // 100 AS eligible, CASE WHEN is_inpatient THEN 30000 * tier ELSE 0 END AS deductible FROM priced
), basic AS (
  SELECT *, greatest(eligible - deductible, 0) * CASE WHEN is_inpatient THEN 90 - 10 * tier ELSE 50 END // 100 AS basic FROM eligible
), serious AS (
  SELECT *, greatest(eligible - basic - 1000000, 0) // 2 AS serious FROM basic
), assisted AS (
  SELECT *, CASE WHEN is_registered AND is_inpatient THEN (eligible - basic - serious) * 60 // 100 ELSE 0 END AS assistance FROM serious
), supplemented AS (
  SELECT *, CASE WHEN is_registered AND is_inpatient THEN (eligible - basic - serious - assistance) * 30 // 100 ELSE 0 END AS supplement FROM assisted
)
SELECT pno, 'JS2019' || digits(bno, 10) || CASE WHEN is_changed(bno, 'bill') THEN 'B' ELSE '' END AS settlement_no, name, citizen_id,
  CASE WHEN is_inpatient THEN '1' WHEN u(bno, 'chronic') < 200000 THEN '3' ELSE '2' END AS visit_code,
  CASE tier WHEN 1 THEN town_name || '中心卫生院' WHEN 2 THEN '北镇市人民医院' ELSE '锦州医科大学附属第一医院' END AS hospital,
  CASE tier WHEN 1 THEN '一级' WHEN 2 THEN '二级' ELSE '三级' END AS hospital_grade, yes_no(tier < 3) AS is_in_county,
  CAST(admitted AS VARCHAR) AS admitted_date, CASE WHEN is_inpatient THEN CAST(admitted + CAST(3 + dice(bno, 'stay', 15) AS INTEGER) AS VARCHAR) END AS discharged_date,
  CASE dice(bno, 'diagnosis', 8) WHEN 0 THEN 'I10' WHEN 1 THEN 'I25.1' WHEN 2 THEN 'E11.9' WHEN 3 THEN 'J18.9' WHEN 4 THEN 'I63.9' WHEN 5 THEN 'K29.5' WHEN 6 THEN 'M51.2' ELSE 'C34.9' END AS diagnosis_code,
  yuan(total) AS total_yuan, yuan(eligible) AS eligible_yuan, yuan(deductible) AS deductible_yuan, yuan(basic) AS basic_paid_yuan, yuan(serious) AS serious_paid_yuan,
  yuan(assistance) AS assistance_paid_yuan, yuan(supplement) AS supplement_paid_yuan, yuan(eligible - basic - serious - assistance - supplement) AS self_paid_yuan, yuan(total - eligible) AS own_expense_yuan,
  '0.' || digits((basic + serious + assistance + supplement) * 10000 // total, 4) AS reimbursed_ratio,
  CAST(admitted + CAST(CASE WHEN is_inpatient THEN 3 + dice(bno, 'stay', 15) ELSE 0 END AS INTEGER) AS VARCHAR) AS settled_date, yes_no(is_registered AND tier < 3) AS is_one_stop, is_spare
FROM supplemented
