-- Guarantees by county and township in their fixed order.
SELECT coverage.*
FROM mart.guarantee_coverage AS coverage
WHERE coverage.area_level <> '村'
ORDER BY coverage.area_code, coverage.dimension_no
