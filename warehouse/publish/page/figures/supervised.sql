-- Red clues that have stood open for too long, by county and township; the county has a row whenever anything is watched.
SELECT county.county_code AS area_code, count(*) FILTER (WHERE supervision.supervision_state = '督办') AS supervised
FROM mart.clue_supervision AS supervision
CROSS JOIN ref.county AS county
GROUP BY county.county_code
UNION ALL
SELECT town_code, count(*) FILTER (WHERE supervision_state = '督办')
FROM mart.clue_supervision
WHERE town_code IS NOT NULL
GROUP BY town_code
