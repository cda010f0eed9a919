-- 房屋鉴定: one row per report. Rebuilt houses have an older report (D) and a newer one (A).
WITH report AS (
  SELECT *, has_house_rebuilt AND report = 1 AS is_before FROM (
    SELECT *, unnest(range(1, CASE WHEN has_house_rebuilt THEN 3 ELSE 2 END)) AS report FROM person WHERE k = 1 AND (is_registered OR is_omitted OR u(hno, 'assessed') < 860000))
)
SELECT pno, 'BZ' || digits(hno, 9) || '-' || CAST(report AS VARCHAR) AS report_no, name AS head_name, citizen_id AS head_citizen_id, CAST(size AS VARCHAR) AS member_count,
  '辽宁省北镇市' || town_name || village_name || CAST(1 + dice(hno, 'group', 8) AS VARCHAR) || '组' || CAST(1 + dice(hno, 'door', 400) AS VARCHAR) || '号' AS address, village_code,
  CAST(CASE WHEN has_house_rebuilt AND NOT is_before THEN 2018 WHEN has_house_d OR is_before OR is_omitted THEN 1965 + dice(hno, 'built', 20) ELSE 1985 + dice(hno, 'built', 31) END AS VARCHAR) AS built_year,
  CASE WHEN has_house_d OR is_before OR is_omitted THEN '4' WHEN u(hno, 'structure') < 500000 THEN '2' WHEN u(hno, 'structure') < 900000 THEN '3' ELSE '1' END AS structure_code,
  CAST(40 + dice(hno, 'area', 100) AS VARCHAR) || '.' || CAST(dice(hno, 'area tenth', 10) AS VARCHAR) AS area_sqm, CAST(2 + dice(hno, 'rooms', 4) AS VARCHAR) AS room_count,
  CASE WHEN has_house_d OR is_before OR is_omitted THEN 'D' WHEN has_house_rebuilt THEN 'A' WHEN NOT is_registered AND u(hno, 'house') < 30000 THEN 'C' WHEN u(hno, 'house') < 400000 THEN 'A' ELSE 'B' END AS grade_code,
  '锦州市建筑工程质量检测中心' AS agency,
  CAST(CASE WHEN is_before THEN DATE '2017-03-01' ELSE DATE '2018-12-01' END + CAST(dice(hno, 'assessment', 180) AS INTEGER) AS VARCHAR) AS assessed_date, yes_no(TRUE) AS is_only_house,
  CASE WHEN is_changed(hno, 'house') THEN '4' WHEN NOT is_registered AND u(hno, 'empty') < 50000 THEN '2' ELSE '1' END AS occupancy_code, data_date, is_spare
FROM report
