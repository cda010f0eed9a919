-- Clues found, and of these closed by now, in each of the last twelve months that have any, by county and township.
WITH placed AS (
  SELECT county.county_code AS area_code, handling.opened_month, handling.severity, handling.new_count, handling.closed_count
  FROM mart.clue_handling AS handling
  CROSS JOIN ref.county AS county
  UNION ALL
  SELECT handling.town_code, handling.opened_month, handling.severity, handling.new_count, handling.closed_count
  FROM mart.clue_handling AS handling
  WHERE handling.town_code IS NOT NULL
)
SELECT
  area_code, opened_month,
  CAST(coalesce(sum(new_count) FILTER (WHERE severity = '红'), 0) AS BIGINT) AS red,
  CAST(coalesce(sum(new_count) FILTER (WHERE severity = '橙'), 0) AS BIGINT) AS orange,
  CAST(coalesce(sum(new_count) FILTER (WHERE severity = '黄'), 0) AS BIGINT) AS yellow,
  CAST(coalesce(sum(new_count) FILTER (WHERE severity = '蓝'), 0) AS BIGINT) AS blue,
  CAST(sum(new_count) AS BIGINT) AS new_count,
  CAST(sum(closed_count) AS BIGINT) AS closed_count
FROM placed
GROUP BY area_code, opened_month
QUALIFY row_number() OVER (PARTITION BY area_code ORDER BY opened_month DESC) <= 12
ORDER BY area_code, opened_month
