-- Funds of the last five years, the newest first.
SELECT *
FROM mart.fund_year
ORDER BY fund_year DESC
LIMIT 5
