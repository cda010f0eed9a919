-- 部门汇总数: what the poverty office adds up for the county and each township; the other departments' totals are added where situations are planted.
WITH counted AS (
  SELECT town_code, sum(size) FILTER (is_registered) AS people, count(*) FILTER (is_registered) AS households FROM household GROUP BY town_code
), area AS (
  SELECT town_code AS area_code, people, households FROM counted
  UNION ALL
  SELECT '210782', sum(people), sum(households) FROM counted
)
SELECT CAST(NULL AS BIGINT) AS pno, figure_code, area_code, month_text(CAST(getvariable('as_of') AS DATE)) AS stat_month, 'fupinban' AS reporter_code,
  CAST(coalesce(CASE figure_code WHEN '01' THEN households ELSE people END, 0) AS VARCHAR) AS reported_value, CASE figure_code WHEN '01' THEN '3' ELSE '1' END AS figure_unit_code,
  '1' AS scope_code, CAST(NULL AS VARCHAR) AS scope_note, getvariable('as_of') AS data_date, FALSE AS is_spare
FROM area CROSS JOIN (VALUES ('01'), ('02')) AS figures(figure_code) ORDER BY figure_code, area_code
