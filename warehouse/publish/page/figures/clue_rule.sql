-- The ten rules with the gravest and most open clues, by county and township.
WITH placed AS (
  SELECT county.county_code AS area_code, clue.*
  FROM mart.clue AS clue
  CROSS JOIN ref.county AS county
  UNION ALL
  SELECT clue.town_code AS area_code, clue.*
  FROM mart.clue AS clue
  WHERE clue.town_code IS NOT NULL
)
SELECT
  area_code, rule_id, max(rule_title) AS rule_title, max(severity) AS severity, max(owner_title) AS owner_title,
  count(*) FILTER (WHERE is_open) AS open_count,
  count(*) FILTER (WHERE is_overdue) AS overdue_count,
  count(*) AS clue_count
FROM placed
GROUP BY area_code, rule_id
HAVING count(*) FILTER (WHERE is_open) > 0
QUALIFY row_number() OVER (
  PARTITION BY area_code ORDER BY list_position(['红', '橙', '黄', '蓝'], max(severity)), count(*) FILTER (WHERE is_open) DESC, rule_id
) <= 10
ORDER BY area_code, list_position(['红', '橙', '黄', '蓝'], max(severity)), open_count DESC, rule_id
