-- Projects of the newest year by county and township.
WITH newest AS (
  SELECT max(project_year) AS project_year FROM mart.project_fund
),
placed AS (
  SELECT county.county_code AS area_code, project.*
  FROM mart.project_fund AS project
  CROSS JOIN ref.county AS county
  UNION ALL
  SELECT substr(project.village_code, 1, 9) AS area_code, project.*
  FROM mart.project_fund AS project
  WHERE project.village_code IS NOT NULL
)
SELECT
  placed.area_code, placed.project_year, count(*) AS project_count,
  sum(placed.project_budget_yuan) AS project_budget_yuan,
  sum(placed.fund_paid_yuan) AS fund_paid_yuan,
  CASE
    WHEN sum(placed.project_budget_yuan) > 0
      THEN CAST(CAST(sum(placed.fund_paid_yuan) AS DOUBLE) / CAST(sum(placed.project_budget_yuan) AS DOUBLE) AS DECIMAL(12, 8))
  END AS project_paid_ratio
FROM placed
INNER JOIN newest ON newest.project_year = placed.project_year
GROUP BY placed.area_code, placed.project_year
ORDER BY placed.area_code
