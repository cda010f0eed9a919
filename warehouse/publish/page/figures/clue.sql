-- Clues by county and township, state and severity (one column each).
WITH placed AS (
  SELECT county.county_code AS area_code, clue.severity, clue.clue_state, clue.is_open, clue.is_overdue
  FROM mart.clue AS clue
  CROSS JOIN ref.county AS county
  UNION ALL
  SELECT clue.town_code, clue.severity, clue.clue_state, clue.is_open, clue.is_overdue
  FROM mart.clue AS clue
  WHERE clue.town_code IS NOT NULL
)
SELECT
  area_code, clue_state, is_open,
  count(*) FILTER (WHERE severity = '红') AS red,
  count(*) FILTER (WHERE severity = '橙') AS orange,
  count(*) FILTER (WHERE severity = '黄') AS yellow,
  count(*) FILTER (WHERE severity = '蓝') AS blue,
  count(*) AS all_severities,
  count(*) FILTER (WHERE is_overdue) AS overdue
FROM placed
GROUP BY area_code, clue_state, is_open
ORDER BY
  area_code, is_open DESC,
  list_position(['待核查', '待查', '属实', '整改中', '已整改', '提示', '不属实', '已复核', '已办结', '已消除'], clue_state), clue_state
