-- V03 贫困村基础设施短板: the county's own gaps, and poor villages of which nobody says whether there is a clinic; others may lack what they like.
UPDATE c_village SET is_clinic_standard = NULL, is_road_paved = '是', is_bus_served = '是', is_broadband = '是', is_water_safe = '是'
WHERE village_code IN (SELECT village_code FROM village WHERE is_poor_village AND NOT is_still_poor ORDER BY u(v, 'clinic unknown'), v LIMIT 2);
UPDATE c_village SET is_clinic_standard = '否' WHERE is_poor_village = '否' AND village_code IN (SELECT village_code FROM village WHERE NOT is_poor_village ORDER BY u(v, 'no clinic'), v LIMIT 3);
UPDATE c_village SET is_road_paved = '是', is_bus_served = '是', is_broadband = '是', is_water_safe = '否', is_clinic_standard = '是'
WHERE village_code IN (SELECT village_code FROM village WHERE is_poor_village AND NOT is_still_poor ORDER BY u(v, 'clinic unknown'), v LIMIT 4 OFFSET 2);
INSERT INTO planted
SELECT 'V03', CASE WHEN '否' IN (is_road_paved, is_bus_served, is_broadband, is_water_safe, is_clinic_standard) THEN 'something is lacking' WHEN is_clinic_standard IS NULL THEN 'nobody says whether there is a clinic' ELSE 'all there' END,
  CASE WHEN '否' IN (is_road_paved, is_bus_served, is_broadband, is_water_safe, is_clinic_standard) THEN '命中' WHEN is_clinic_standard IS NULL THEN '无法判定' ELSE '未命中' END, village_code, NULL, NULL
FROM c_village WHERE is_poor_village = '是';
