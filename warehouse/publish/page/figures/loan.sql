-- Microloans by county and township in the newest month whose balances are known. A household with two banks counts with both, as in the mart.
WITH newest AS (
  SELECT max(report_month) AS report_month FROM mart.finance WHERE note_count IS NOT NULL
),
placed AS (
  SELECT county.county_code AS area_code, county.county AS area, finance.*
  FROM mart.finance AS finance
  CROSS JOIN ref.county AS county
  UNION ALL
  SELECT finance.town_code, finance.town, finance.*
  FROM mart.finance AS finance
  WHERE finance.town_code IS NOT NULL
)
SELECT
  placed.area_code, max(placed.area) AS area, max(placed.report_month) AS report_month,
  CAST(sum(placed.borrower_household_count) AS BIGINT) AS borrower_household_count,
  CAST(sum(placed.note_count) AS BIGINT) AS note_count,
  sum(placed.area_balance_yuan) AS area_balance_yuan,
  CAST(sum(placed.overdue_note_count) AS BIGINT) AS overdue_note_count,
  sum(placed.overdue_yuan) AS overdue_yuan,
  CASE
    WHEN sum(placed.area_balance_yuan) > 0
      THEN CAST(CAST(sum(placed.overdue_yuan) AS DOUBLE) / CAST(sum(placed.area_balance_yuan) AS DOUBLE) AS DECIMAL(12, 8))
  END AS overdue_rate,
  CAST(sum(placed.over_indebted_household_count) AS BIGINT) AS over_indebted_household_count
FROM placed
INNER JOIN newest ON newest.report_month = placed.report_month
GROUP BY placed.area_code
ORDER BY overdue_rate DESC NULLS LAST, area_balance_yuan DESC, placed.area_code
