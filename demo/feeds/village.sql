-- 行政村: one row per village; its numbers of people are those of the other files.
WITH counted AS (
  SELECT v, sum(size) AS people, count(*) AS households, count(*) FILTER (is_registered) AS registered_households,
    coalesce(sum(size) FILTER (is_registered), 0) AS registered_people
  FROM household GROUP BY v
)
SELECT CAST(NULL AS BIGINT) AS pno, village_code, village_name AS village, town_code, town_name AS town, getvariable('as_of') AS data_date, yes_no(is_poor_village) AS is_poor_village,
  CAST(identified_year AS VARCHAR) AS identified_year, CAST(exit_year AS VARCHAR) AS exit_year,
  CAST(coalesce(households, 0) AS VARCHAR) AS household_count, CAST(coalesce(people, 0) AS VARCHAR) AS person_count,
  CAST(coalesce(people, 0) AS VARCHAR) AS rural_person_count,
  CAST(coalesce(people, 0) - (coalesce(people, 0) * (5 + dice(v, 'away', 20) + CASE WHEN is_changed(v, 'village') THEN 1 ELSE 0 END)) // 100 AS VARCHAR) AS resident_count,
  CAST(coalesce(registered_households, 0) AS VARCHAR) AS registered_household_count, CAST(coalesce(registered_people, 0) AS VARCHAR) AS registered_person_count,
  CAST(2 + dice(v, 'groups', 8) AS VARCHAR) AS group_count,
  yuan(CASE WHEN is_poor_village THEN 1000000 ELSE 1300000 END + dice(v, 'income', 400000)) AS income_per_head_yuan,
  yuan(dice(v, 'collective', 20000000)) AS collective_income_yuan,
  yes_no(NOT is_still_poor OR dice(v, 'road', 2) = 0) AS is_road_paved, yes_no(u(v, 'bus') < 970000) AS is_bus_served, yes_no(u(v, 'net') < 930000) AS is_broadband, yes_no(u(v, 'clinic') < 950000) AS is_clinic_standard,
  yes_no(u(v, 'safe water') < 970000) AS is_water_safe, '1' AS income_basis_code,
  yuan((CASE WHEN is_poor_village THEN 1000000 ELSE 1300000 END + dice(v, 'income', 400000)) * 10 // CASE WHEN is_poor_village THEN 28 ELSE 22 END) AS base_income_per_head_yuan, '1' AS base_income_basis_code,
  NOT is_still_poor AS is_spare
FROM village LEFT JOIN counted USING (v) ORDER BY v
