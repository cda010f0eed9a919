-- 资金指标: one document for each year and kind of project, with central, provincial and county money.
WITH document AS (
  SELECT year, class, CAST(sum(budget) AS BIGINT) AS budget, CAST(sum(contract_paid + CASE WHEN status IN ('3', '4', '5', '6') THEN cash ELSE 0 END) AS BIGINT) AS paid
  FROM project_money() WHERE status NOT IN ('1', '9') GROUP BY year, class
), levelled AS (
  SELECT *, unnest(['1', '2', '4']) AS level FROM document
), split AS (
  SELECT *, CASE level WHEN '1' THEN budget * 60 // 100 WHEN '2' THEN budget * 25 // 100 ELSE budget - budget * 60 // 100 - budget * 25 // 100 END AS allotted,
    CASE level WHEN '1' THEN paid * 60 // 100 WHEN '2' THEN paid * 25 // 100 ELSE paid - paid * 60 // 100 - paid * 25 // 100 END AS spent
  FROM levelled
)
SELECT CAST(NULL AS BIGINT) AS pno, project_document(year, class) AS allotment_no, level AS fund_level_code, '财政专项扶贫资金' AS fund_name, CAST(year AS VARCHAR) AS budget_year, yuan(allotted) AS allotted_yuan,
  CAST(year AS VARCHAR) || '-01-' || digits(10 + CAST(class AS INTEGER), 2) AS allotted_date, '北镇市扶贫办' AS receiving_unit,
  CASE class WHEN '01' THEN '产业扶贫项目' WHEN '04' THEN '公益岗位补助' WHEN '11' THEN '村基础设施建设' ELSE '村公共服务项目' END AS restriction,
  yes_no(FALSE) AS is_carried_over, '0.00' AS carried_over_yuan, CAST(year + 1 AS VARCHAR) || '-12-31' AS expiry_date, yuan(spent) AS spent_yuan, yuan(allotted - spent) AS unspent_yuan, getvariable('as_of') AS data_date, FALSE AS is_spare
FROM split ORDER BY year, class, level
