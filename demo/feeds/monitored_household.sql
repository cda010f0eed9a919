-- 返贫监测对象: six in a hundred exited households and a few on the edge, which the registry does not know. Whoever is cleared was so after months, earns enough and lacks nothing.
WITH watched AS (
  SELECT *, is_registered AS is_unstable, DATE '2018-07-01' + CAST(dice(hno, 'watched since', 200) AS INTEGER) AS since, dice(hno, 'risk', 6) AS risk,
    u(hno, 'cleared') < 500000 AND age BETWEEN 30 AND 55 AND NOT is_disabled AND NOT (has_house_d OR has_house_rebuilt OR has_unsafe_water OR is_overdue) AND (NOT is_registered OR dice(hno, 'income', 1100000) > 500000)
      AND hno NOT IN (SELECT hno FROM person WHERE is_dropout OR is_uninsured OR is_dead) AS is_cleared
  FROM person WHERE k = 1 AND NOT is_dead AND (is_registered AND NOT is_poor AND u(hno, 'watched') < 60000 OR NOT is_registered AND NOT is_omitted AND u(hno, 'watched') < 4000)
)
SELECT pno, CASE WHEN is_unstable THEN household_id ELSE '2198' || digits(hno, 8) END AS household_id, village_code, name AS head_name, citizen_id AS head_citizen_id, CAST(size AS VARCHAR) AS member_count,
  CASE WHEN u(hno, 'watched kind') < 80000 THEN '3' WHEN is_unstable THEN '1' ELSE '2' END AS monitored_kind_code, CAST(since AS VARCHAR) AS monitored_date,
  CASE risk WHEN 0 THEN '01' WHEN 1 THEN '06' WHEN 2 THEN '04' WHEN 3 THEN '05' WHEN 4 THEN '09' ELSE '10' END AS risk_1_code, CASE WHEN u(hno, 'second risk') < 300000 THEN '07' END AS risk_2_code,
  CAST(NULL AS VARCHAR) AS risk_3_code, CAST(NULL AS VARCHAR) AS risk_4_code, CAST(NULL AS VARCHAR) AS risk_5_code, CASE risk WHEN 2 THEN '风雹' END AS disaster_detail,
  yuan(CASE WHEN is_cleared THEN 700000 ELSE 380000 END + dice(hno, 'watched income', 180000) + CASE WHEN is_changed(hno, 'watched') THEN 1000 ELSE 0 END) AS monitor_income_per_head_yuan, '5620.50' AS income_reference_yuan,
  yuan(CASE risk WHEN 0 THEN 100000 + dice(hno, 'eligible', 900000) ELSE 0 END) AS eligible_self_paid_yuan, yuan(CASE risk WHEN 2 THEN 80000 ELSE 0 END) AS claim_income_yuan,
  CASE risk WHEN 0 THEN '健康帮扶、医疗救助' WHEN 1 THEN '就业帮扶、公益岗位' WHEN 2 THEN '产业帮扶' WHEN 3 THEN '产业帮扶、小额信贷' WHEN 4 THEN '住房安全（危房改造）' ELSE '饮水安全（自来水入户）' END AS measures,
  yes_no(is_cleared) AS is_risk_cleared, CASE WHEN is_cleared THEN CASE WHEN u(hno, 'cleared way') < 900000 THEN '1' ELSE '2' END END AS cleared_way_code,
  CASE WHEN is_cleared THEN CAST(since + CAST(100 + dice(hno, 'cleared day', 60) AS INTEGER) AS VARCHAR) END AS cleared_date,
  CASE WHEN is_cleared THEN CAST(since + CAST(100 + dice(hno, 'cleared day', 60) AS INTEGER) AS VARCHAR) END AS reviewed_date, data_date, hno NOT IN (SELECT hno FROM marked) AS is_spare
FROM watched ORDER BY hno
