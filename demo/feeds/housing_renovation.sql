-- 危房改造: one row per renovated dwelling, under its head. Two files in five lack the registry's number of the household.
SELECT pno, 'WG2018' || digits(hno, 9) AS archive_no, '2018' AS year, name AS head_name, citizen_id AS head_citizen_id,
  CASE WHEN u(hno, 'numbered') < 600000 THEN household_id END AS household_id, CAST(size AS VARCHAR) AS member_count, village_code,
  '辽宁省北镇市' || town_name || village_name || CAST(1 + dice(hno, 'group', 8) AS VARCHAR) || '组' || CAST(1 + dice(hno, 'door', 400) AS VARCHAR) || '号' AS address,
  CASE WHEN is_registered THEN '1' WHEN is_minimum_living THEN '2' WHEN is_disabled THEN '4' ELSE '9' END AS renovation_category_code,
  CASE WHEN has_house_rebuilt THEN 'D' ELSE 'C' END AS grade_code, CASE WHEN has_house_rebuilt THEN '1' ELSE '2' END AS renovation_way_code,
  yuan(central) AS central_subsidy_yuan, yuan(200000) AS provincial_subsidy_yuan, '0.00' AS city_subsidy_yuan, yuan(100000) AS county_subsidy_yuan, yuan(central + 300000) AS subsidy_total_yuan,
  yuan(100000 * dice(hno, 'own money', 12)) AS self_raised_yuan, CAST(started AS VARCHAR) AS started_date, CAST(started + 80 AS VARCHAR) AS completed_date,
  CAST(started + 100 AS VARCHAR) AS accepted_date, CAST(started + 110 AS VARCHAR) AS moved_in_date, yes_no(TRUE) AS has_photo_before, yes_no(TRUE) AS has_photo_during, yes_no(TRUE) AS has_photo_after,
  CAST(started - 20 AS VARCHAR) AS disclosed_date, CAST(started + CASE WHEN is_changed(hno, 'payout') THEN 131 ELSE 130 END AS VARCHAR) AS payout_date,
  '2199' || digits(hno, 9) || digits(dice(hno, 'account', 10000), 4) AS bank_account, name AS account_name, data_date,
  NOT is_omitted AND hno NOT IN (SELECT hno FROM marked) AS is_spare
FROM (SELECT *, CASE WHEN has_house_rebuilt THEN 1500000 ELSE 700000 END AS central, DATE '2018-04-01' + CAST(dice(hno, 'renovated', 120) AS INTEGER) AS started FROM person
  WHERE k = 1 AND NOT is_dead AND (has_house_rebuilt OR is_registered AND u(hno, 'renovated') < 150000 OR NOT is_registered AND u(hno, 'renovated') < 20000))
