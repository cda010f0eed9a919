-- Every village from the highest incidence down; county_rank counts through the whole county.
SELECT
  incidence.*,
  incidence.town_code AS area_code,
  regexp_replace(regexp_replace(incidence.village, '村?(村民委员会|村委会)$', '村'), '(社区)?居民委员会$', '社区') AS short_name,
  row_number() OVER (ORDER BY incidence.rate DESC NULLS LAST, incidence.numerator DESC NULLS LAST, incidence.village_code) AS county_rank
FROM mart.village_incidence AS incidence
ORDER BY county_rank
