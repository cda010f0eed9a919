-- 帮扶走访: the helper of every registered household came within the last fifty days, and a quarter of a year before.
WITH visited AS (
  SELECT *, unnest([0, 1]) AS turn FROM person WHERE k = 1 AND is_registered
)
SELECT pno, household_id, name AS head_name, family(-2 * hno) || given(-2 * hno, u(hno, 'helper') < 600000) AS helper_name,
  CASE dice(hno, 'helper unit', 6) WHEN 0 THEN '市税务局' WHEN 1 THEN '市教育局' WHEN 2 THEN '市水利局' WHEN 3 THEN '市农业农村局' WHEN 4 THEN '市供销社' ELSE town_name || '人民政府' END AS helper_unit,
  CAST(getvariable('base') - CAST(1 + 90 * turn + dice(hno, 'visited', 49) AS INTEGER) AS VARCHAR) AS visit_date, '1' AS visit_way_code,
  CASE WHEN turn = 0 THEN '2' ELSE '1' END AS visit_content_code,
  CASE WHEN is_changed(hno, 'visit') THEN '家中情况正常，政策已说明' ELSE '家中情况正常' END AS finding, '是' AS is_solved, data_date,
  hno NOT IN (SELECT hno FROM marked) AS is_spare
FROM visited ORDER BY pno, turn
