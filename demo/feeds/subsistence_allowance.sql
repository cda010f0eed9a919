-- 低保: one row per covered member. Whole households: those on the allowance, without members who are supported as 特困.
WITH covered AS (
  SELECT *, count(*) OVER (PARTITION BY hno) AS covered_count FROM person WHERE is_minimum_living AND NOT is_hardship AND NOT is_dead
)
SELECT p.pno, 'DB' || digits(p.hno, 9) AS allowance_no, h.name AS head_name, h.citizen_id AS head_citizen_id, p.name, p.citizen_id,
  CASE p.role WHEN 'head' THEN '02' WHEN 'spouse' THEN '10' WHEN 'child' THEN CASE WHEN p.is_male THEN '20' ELSE '30' END WHEN 'parent' THEN '50' ELSE '40' END AS relation_code,
  '1' AS rural_urban_code, CASE WHEN p.covered_count > 1 THEN '1' ELSE '2' END AS coverage_code, CAST(p.covered_count AS VARCHAR) AS covered_count,
  char_of('ABC', p.hno, 'class') AS allowance_class_code, yuan(9000 + dice(p.hno, 'means', 13000)) AS monthly_income_per_head_yuan,
  yuan(p.covered_count * (12000 + dice(p.hno, 'allowance', 10000) + CASE WHEN is_changed(p.hno, 'allowance') THEN 500 ELSE 0 END)) AS monthly_allowance_yuan,
  CAST(2015 + dice(p.hno, 'allowed', 4) AS VARCHAR) || '-' || digits(1 + dice(p.hno, 'allowed month', 12), 2) AS benefit_start_month, CAST(NULL AS VARCHAR) AS benefit_stop_month, CAST(NULL AS VARCHAR) AS stop_reason,
  '北镇市农村商业银行' || p.town_name || '支行' AS bank_name, '2199' || digits(p.hno, 9) || digits(dice(p.hno, 'account', 10000), 4) AS bank_account, h.name AS account_name, p.village_code, p.data_date, FALSE AS is_spare
FROM covered p JOIN person h ON h.hno = p.hno AND h.k = 1 ORDER BY p.pno
