-- Poverty by county and township, townships from the highest incidence down; those without one come last.
SELECT headcount.*
FROM mart.headcount AS headcount
WHERE headcount.area_level <> '村'
ORDER BY headcount.incidence DESC NULLS LAST, headcount.poor_persons DESC NULLS LAST, headcount.area_code
