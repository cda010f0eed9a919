-- 工商登记: one row per business, person and role. Shops and firms of people who are not registered; members of cooperatives in registered households too.
WITH person_role AS (
  SELECT *, CASE WHEN NOT is_registered AND NOT is_omitted AND NOT is_premium_due THEN CASE WHEN u(pno, 'business') < 30000 THEN 'individual' WHEN u(pno, 'business') < 36000 THEN 'director' WHEN u(pno, 'business') < 40000 THEN 'investor'
      WHEN u(pno, 'business') < 70000 THEN 'member' END
    WHEN u(pno, 'business') < 60000 THEN 'member' END AS kind
  FROM person WHERE NOT is_dead AND age BETWEEN 20 AND 70 AND NOT is_pupil
), cooperative AS (
  SELECT *, CASE kind WHEN 'individual' THEN pno WHEN 'member' THEN 800000000 + v ELSE 400000000 + pno END AS number FROM person_role WHERE kind IS NOT NULL
)
SELECT pno, credit_code(CASE kind WHEN 'individual' THEN '2' WHEN 'member' THEN '3' ELSE '1' END, number) AS credit_code,
  CASE kind WHEN 'individual' THEN '北镇市' || town_name || CAST(pno AS VARCHAR) || '号商店' WHEN 'member' THEN '北镇市' || village_name || '种植专业合作社' ELSE '北镇市第' || CAST(pno AS VARCHAR) || '商贸有限公司' END AS enterprise_name,
  name, citizen_id, CASE kind WHEN 'individual' THEN '3' WHEN 'member' THEN '4' WHEN 'director' THEN '1' ELSE '2' END AS role_code,
  CASE kind WHEN 'director' THEN '0.6000' WHEN 'investor' THEN '0.3000' WHEN 'member' THEN '0.0100' END AS capital_ratio,
  CASE kind WHEN 'individual' THEN '2' WHEN 'member' THEN '3' ELSE '1' END AS enterprise_type_code, CAST(DATE '2010-01-01' + CAST(dice(number, 'founded', 3200) AS INTEGER) AS VARCHAR) AS established_date,
  CASE WHEN kind <> 'member' AND u(pno, 'closed') < 100000 THEN '3' ELSE '1' END AS enterprise_status_code, CASE WHEN kind <> 'member' AND u(pno, 'closed') < 100000 THEN '2019-03-15' END AS cancelled_date,
  yuan(CASE kind WHEN 'individual' THEN 2000000 WHEN 'member' THEN 50000000 ELSE 100000000 END) AS registered_capital_yuan, data_date, is_spare
FROM cooperative
