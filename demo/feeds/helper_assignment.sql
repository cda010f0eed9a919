-- 帮扶责任人: one in office for every registered household, and for one in five the one before, whose time has ended.
WITH head AS (SELECT * FROM person WHERE k = 1 AND is_registered),
helped AS (
  SELECT *, 0 AS turn FROM head
  UNION ALL
  SELECT *, 1 AS turn FROM head WHERE u(hno, 'helper before') < 200000
)
SELECT pno, household_id, name AS head_name, village_code, family(-2 * hno - turn) || given(-2 * hno - turn, u(hno, 'helper') < 600000) AS helper_name,
  CASE dice(hno, 'helper unit', 6) WHEN 0 THEN '市税务局' WHEN 1 THEN '市教育局' WHEN 2 THEN '市水利局' WHEN 3 THEN '市农业农村局' WHEN 4 THEN '市供销社' ELSE town_name || '人民政府' END AS helper_unit,
  CASE WHEN u(hno, 'helper post') < 700000 THEN '科员' ELSE '副科级干部' END AS helper_post,
  '1440' || digits(dice(CASE WHEN is_changed(hno, 'helper') THEN -hno ELSE hno END, 'helper phone', 10000000), 7) AS helper_phone,
  CASE WHEN turn = 0 THEN '2018-03-01' ELSE '2016-05-01' END AS from_date, CASE WHEN turn = 1 THEN '2018-02-01' END AS to_date, data_date,
  hno NOT IN (SELECT hno FROM marked) AS is_spare
FROM helped ORDER BY pno, turn
