-- 学籍: one row per pupil of the county's schools. A tenth carry their id only in the G student number; a few have no id at all,
-- their J number is built like an id (here: exactly another pupil's) and must never be read as one.
WITH pupil AS (
  SELECT *, coalesce(lead(citizen_id) OVER (ORDER BY pno), first(citizen_id) OVER (ORDER BY pno)) AS other_id
  FROM person WHERE is_pupil AND NOT is_dead AND NOT (is_dropout AND u(pno, 'drop-out kind') < 500000)
)
SELECT p.pno, CASE WHEN u(p.pno, 'id kind') < 4000 THEN 'J' || p.other_id ELSE 'G' || p.citizen_id END AS student_no, p.name, p.sex_code,
  CASE WHEN u(p.pno, 'id kind') >= 100000 THEN p.citizen_id END AS citizen_id, CAST(p.birth_date AS VARCHAR) AS birth_date,
  CASE WHEN p.age < 6 THEN '1' WHEN p.age < 12 THEN '2' WHEN p.age < 16 THEN '3' WHEN u(p.pno, 'vocational') < 350000 THEN '5' ELSE '4' END AS stage_code,
  CASE WHEN p.age < 6 THEN p.town_name || '中心幼儿园' WHEN p.age < 12 THEN p.town_name || '中心小学' WHEN p.age < 16 THEN p.town_name || '初级中学' WHEN u(p.pno, 'vocational') < 350000 THEN '北镇市职业教育中心' ELSE '北镇市第一高级中学' END AS school,
  CASE WHEN p.age < 6 THEN '11' WHEN p.age < 12 THEN '21' WHEN p.age < 16 THEN '31' WHEN u(p.pno, 'vocational') < 350000 THEN '36' ELSE '34' END || '21' || right(p.town_code, 6) AS school_code,
  CASE WHEN p.age < 6 THEN CASE p.age WHEN 3 THEN '小班' WHEN 4 THEN '中班' ELSE '大班' END WHEN p.age < 12 THEN char_at_grade(p.age - 5) || '年级' WHEN p.age < 16 THEN char_at_grade(least(p.age - 5, 9)) || '年级'
    ELSE '高' || char_at_grade(p.age - 15) END AS grade,
  CAST(1 + dice(p.pno, 'class', 6) + CASE WHEN is_changed(p.pno, 'pupil') THEN 10 ELSE 0 END AS VARCHAR) || '班' AS class,
  CAST(2019 - CASE WHEN p.age < 6 THEN p.age - 2 WHEN p.age < 12 THEN p.age - 5 WHEN p.age < 16 THEN p.age - 11 ELSE p.age - 15 END AS VARCHAR) || '-09' AS enrolled_month,
  CASE WHEN p.age > 11 AND u(p.pno, 'boarding') < 400000 THEN '2' ELSE '1' END AS boarding_code,
  CASE WHEN p.is_dropout THEN '4' ELSE '1' END AS status_code, yes_no(NOT p.is_dropout) AS is_attending, yes_no(p.is_registered) AS is_registered_poor, yes_no(p.is_disabled) AS is_disabled,
  h.name AS guardian_name, h.citizen_id AS guardian_citizen_id, '1440' || digits(dice(h.hno, 'phone', 10000000), 7) AS guardian_phone, p.data_date,
  p.is_spare AND u(p.pno, 'id kind') >= 100000 AS is_spare
FROM pupil p JOIN person h ON h.hno = p.hno AND h.k = 1 ORDER BY p.pno
