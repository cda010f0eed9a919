-- 入户核查: one survey per registered household in the spring: food and clothing are in order everywhere, water where the registry says so.
SELECT pno, household_id, village_code, name AS head_name, CAST(DATE '2019-03-01' + CAST(dice(hno, 'surveyed', 110) AS INTEGER) AS VARCHAR) AS survey_date,
  family(-hno) || given(-hno, u(hno, 'surveyor') < 600000) AS surveyor_name, yes_no(TRUE) AS is_food_secure, yes_no(TRUE) AS is_clothing_secure,
  yes_no(TRUE) AS is_water_enough, yes_no(NOT has_unsafe_water) AS is_water_clean, yes_no(TRUE) AS is_water_near, yes_no(TRUE) AS is_water_steady,
  yes_no(TRUE) AS has_power, yes_no(u(hno, 'toilet') >= CASE WHEN is_changed(hno, 'toilet') THEN 100000 ELSE 150000 END) AS is_toilet_sanitary,
  yes_no(u(hno, 'broadcast') >= 20000) AS has_broadcast, data_date, hno NOT IN (SELECT hno FROM marked) AS is_spare
FROM person WHERE k = 1 AND is_registered ORDER BY pno
