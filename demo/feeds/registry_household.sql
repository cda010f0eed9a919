-- 建档立卡户: one row per registered household, from its head. All income identities hold to the cent (人均 rounded to it); there is a wage where somebody works
-- (registry_person), a cause where the facts bear it, and the type of a household on the allowance where somebody is covered.
WITH fact AS (
  SELECT hno, bool_or(age BETWEEN 19 AND 60 AND NOT is_disabled AND u(pno, 'away') < 500000) AS has_worker, bool_or(is_disabled AND age >= 2 OR illness < 250000) AS has_unhealthy,
    bool_or(is_pupil AND NOT is_dropout AND age >= 16) AS has_senior, count(*) FILTER (age BETWEEN 16 AND 60 AND NOT is_pupil AND NOT is_disabled) AS able, bool_or(NOT is_hardship AND NOT is_dead) AS has_covered
  FROM person WHERE is_registered GROUP BY hno
), drawn AS (
  SELECT *, CASE WHEN is_poor THEN 210000 + dice(hno, 'income', 150000) ELSE 450000 + dice(hno, 'income', 1100000) END * size AS total,
    CASE WHEN NOT has_worker THEN 0 ELSE 30 + dice(hno, 'wage', 25) END AS wage_share, 10 + dice(hno, 'business', 20) AS business_share
  FROM person JOIN fact USING (hno) WHERE k = 1 AND is_registered
), parted AS (
  SELECT *, total * wage_share // 100 AS wage, total * business_share // 100 AS business, total * dice(hno, 'property', 6) // 100 AS property FROM drawn
), costed AS (
  SELECT *, business * (15 + dice(hno, 'cost', 20)) // 100 AS cost FROM parted
)
SELECT pno, household_id, village_code, town_name AS town, village_name AS village, name AS head_name,
  CASE WHEN is_disabled AND u(pno, 'certificate') < 500000 THEN citizen_id || CAST(1 + dice(pno, 'category', 7) AS VARCHAR) || CAST(disability_level AS VARCHAR) ELSE citizen_id END AS head_citizen_id,
  data_date, CASE WHEN u(hno, 'standard') < 900000 THEN '01' ELSE '02' END AS standard_code,
  CASE WHEN is_poor THEN CASE WHEN has_covered THEN '04' ELSE '06' END
       WHEN is_minimum_living THEN '02' WHEN u(hno, 'type') < 60000 THEN '03' ELSE '05' END AS household_type_code,
  poverty_status AS poverty_status_code,
  CASE WHEN is_disabled AND NOT is_dead THEN '02' WHEN u(hno, 'cause') < 550000 AND has_unhealthy THEN '01' WHEN u(hno, 'cause') BETWEEN 550000 AND 649999 AND able < 3 THEN '08' WHEN u(hno, 'cause') < 750000 THEN '07'
       WHEN u(hno, 'cause') BETWEEN 820000 AND 879999 AND has_senior THEN '03' WHEN u(hno, 'cause') < 880000 THEN '09' WHEN u(hno, 'cause') < 930000 THEN '11' ELSE '05' END AS main_cause_code,
  CASE WHEN u(hno, 'other cause') < 200000 THEN '缺水' WHEN u(hno, 'other cause') < 300000 THEN '缺水,交通条件落后' END AS other_causes,
  CAST(size AS VARCHAR) AS member_count,
  CAST(2014 + dice(hno, 'identified', 3) AS VARCHAR) || '-' || digits(1 + dice(hno, 'identified month', 12), 2) AS identified_month,
  CASE WHEN poverty_status IN ('1', '4') THEN CAST(2017 + dice(hno, 'exit', 2) AS VARCHAR) WHEN poverty_status = '3' THEN '2017' END AS exit_year,
  '1440' || digits(dice(CASE WHEN is_changed(hno, 'household') THEN -hno ELSE hno END, 'phone', 10000000), 7) AS phone, '北镇市农村商业银行' || town_name || '支行' AS bank_name,
  '2199' || digits(hno, 9) || digits(dice(hno, 'account', 10000), 4) AS bank_account,
  yuan(wage) AS wage_income_yuan, yuan(business) AS business_income_yuan, yuan(property) AS property_income_yuan,
  yuan(total - wage - business - property) AS transfer_income_yuan, yuan(cost) AS business_cost_yuan, yuan(total) AS total_income_yuan,
  yuan(total - cost) AS net_income_yuan, yuan((2 * (total - cost) + size) // (2 * size)) AS net_income_per_head_yuan,
  CAST(dice(hno, 'land', 30) AS VARCHAR) || '.' || CAST(dice(hno, 'tenth', 10) AS VARCHAR) AS farmland_mu,
  yes_no(NOT has_unsafe_water) AS is_water_safe, yes_no(FALSE) AS is_water_difficult, yes_no(has_house_d) AS is_house_dilapidated,
  CASE WHEN has_house_d THEN 'D' WHEN u(hno, 'house') < 400000 THEN 'A' ELSE 'B' END AS house_grade_code,
  hno NOT IN (SELECT hno FROM marked) AS is_spare
FROM costed
