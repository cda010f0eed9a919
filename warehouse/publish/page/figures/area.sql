-- The areas that a reader can choose: the county first, then its townships by code.
SELECT area_code, area
FROM (
  SELECT county_code AS area_code, county AS area FROM ref.county
  UNION
  SELECT town_code, town_name FROM ref.division
) AS named
ORDER BY length(area_code), area_code
