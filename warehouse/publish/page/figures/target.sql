-- The newest year's target by county and township, people and villages.
SELECT tracker.*
FROM mart.target_tracker AS tracker
WHERE tracker.area_level <> '村' AND tracker.target_year = (SELECT max(target_year) FROM mart.target_tracker)
ORDER BY tracker.area_code, tracker.target_kind
