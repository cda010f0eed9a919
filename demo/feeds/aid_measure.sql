-- 帮扶措施: one row per measure: every registered head, a third of the other members. The day of the month is the member's number, so that
-- namesakes of one household never share a key.
SELECT pno, household_id, name, citizen_id,
  CASE WHEN is_pupil THEN '03' WHEN illness < 60000 THEN '04' WHEN age > 65 THEN '09' WHEN u(pno, 'measure') < 400000 THEN '01' WHEN u(pno, 'measure') < 650000 THEN '02'
       WHEN u(pno, 'measure') < 800000 THEN '08' ELSE '10' END AS aid_kind_code,
  CASE WHEN is_pupil THEN '教育资助' WHEN illness < 60000 THEN '大病救治' WHEN age > 65 THEN '综合保障' WHEN u(pno, 'measure') < 400000 THEN '庭院养殖' WHEN u(pno, 'measure') < 650000 THEN '技能培训'
       WHEN u(pno, 'measure') < 800000 THEN '护林保洁岗位' ELSE '爱心超市' END || CASE WHEN is_changed(pno, 'measure') THEN '（续）' ELSE '' END AS aid_content,
  yuan(20000 + 10000 * dice(pno, 'measure amount', 30)) AS aid_yuan,
  '2019-' || digits(1 + dice(pno, 'measure month', 6), 2) || '-' || digits(1 + k % 28, 2) AS aid_date,
  CASE WHEN u(pno, 'measure') < 400000 AND NOT is_pupil THEN 'XM2019' || digits(dice(pno, 'project', 300), 4) END AS project_no, data_date,
  hno NOT IN (SELECT hno FROM marked) AS is_spare
FROM person WHERE is_registered AND NOT is_dead AND age >= 3 AND (k = 1 OR u(pno, 'helped') < 330000)
