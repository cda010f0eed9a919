-- 扶贫项目: one row per project of the library, of this year and the year before.
SELECT CAST(NULL AS BIGINT) AS pno, project_no, village_name || CASE class WHEN '01' THEN '庭院经济项目' WHEN '04' THEN '公益岗位项目' WHEN '11' THEN '基础设施项目' ELSE '公共服务项目' END AS project_name,
  class AS project_class_code, CASE WHEN dice(i, 'nature', 4) = 0 THEN '2' ELSE '1' END AS build_nature_code, CAST(year AS VARCHAR) AS project_year, town_name || village_name AS project_place, town_name AS town, village_name AS village, village_code,
  CAST(started AS VARCHAR) AS plan_start_date, CASE WHEN status IN ('4', '5', '6') THEN CAST(ended AS VARCHAR) ELSE CAST(year AS VARCHAR) || '-11-30' END AS plan_end_date, town_name || '人民政府' AS responsible_unit, CAST(NULL AS VARCHAR) AS responsible_person,
  CASE class WHEN '01' THEN '发放种苗、建设小棚' WHEN '04' THEN '开发保洁、护林岗位' WHEN '11' THEN '硬化村内道路' ELSE '改造村文化室' END AS project_task, yuan(budget) AS budget_yuan,
  yuan(budget * 60 // 100) AS central_fund_yuan, yuan(budget * 25 // 100) AS provincial_fund_yuan, '0.00' AS city_fund_yuan, yuan(budget - budget * 60 // 100 - budget * 25 // 100) AS county_fund_yuan,
  '0.00' AS integrated_fund_yuan, '0.00' AS social_fund_yuan, '0.00' AS bank_fund_yuan, '0.00' AS self_raised_fund_yuan,
  CAST(households AS VARCHAR) AS benefit_household_count, CAST(people AS VARCHAR) AS benefit_person_count, CAST(households AS VARCHAR) AS benefit_poor_household_count, CAST(people AS VARCHAR) AS benefit_poor_person_count,
  '覆盖建档立卡户' || CAST(households AS VARCHAR) || '户，工程合格率100%' AS performance_target, '村民代表会议讨论' AS participation, '吸纳贫困户参与' AS poverty_link,
  CAST(stocked AS VARCHAR) AS stocked_date, CASE WHEN status <> '1' THEN '北扶发〔' || CAST(year AS VARCHAR) || '〕' || CAST(i + 1 AS VARCHAR) || '号' END AS approval_no, status AS project_status_code,
  CASE WHEN progress = 100 THEN '1' ELSE '0.' || digits(progress, 2) END AS progress_ratio, CASE WHEN status IN ('3', '4', '5', '6') THEN CAST(started AS VARCHAR) END AS actual_start_date, CASE WHEN status IN ('4', '5', '6') THEN CAST(ended AS VARCHAR) END AS actual_end_date,
  CASE WHEN status IN ('5', '6') THEN CAST(ended + 25 AS VARCHAR) END AS accepted_date, CASE WHEN status IN ('5', '6') THEN CASE WHEN dice(i, 'accepted', 20) = 0 THEN '2' ELSE '1' END END AS acceptance_code,
  CASE WHEN status = '6' THEN village_name END AS maintenance, getvariable('as_of') AS data_date, FALSE AS is_spare
FROM project_money() JOIN village USING (v) ORDER BY i
