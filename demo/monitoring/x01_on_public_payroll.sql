-- X01 家有财政供养人员: a member in post or retired; beside them who left, who fills a post for the poor, and one whose establishment nobody wrote down.
CREATE OR REPLACE TEMP TABLE wish AS FROM (VALUES ('a member is an official', '命中', '1', '1', 2), ('a member teaches', '命中', '2', '1', 1), ('a member has retired from office', '命中', '2', '2', 1),
  ('a public post for the poor', '未命中', '5', '1', 2), ('left the service', '未命中', '1', '3', 1), ('establishment unknown', '无法判定', NULL, '1', 1)) t(variant, verdict, establishment, status, number);
INSERT INTO planted
SELECT 'X01', variant, verdict, household_id, hno, NULL FROM (
  SELECT *, row_number() OVER (ORDER BY draw) AS place FROM free WHERE class = 'exited' AND head_age BETWEEN 25 AND 58 AND NOT is_minimum_living AND disabled = 0
) JOIN (SELECT *, sum(number) OVER (ORDER BY variant) AS last FROM wish) ON place > last - number AND place <= last;
INSERT INTO c_public_payroll BY NAME
SELECT p.pno, p.name, p.citizen_id, '北镇市第二中学' AS employer, establishment AS establishment_code, status AS status_code, CASE WHEN status = '3' THEN '0.00' ELSE '4200.00' END AS monthly_wage_yuan, p.data_date, FALSE AS is_spare
FROM planted JOIN wish USING (variant) JOIN person p USING (hno) WHERE rule_id = 'X01' AND p.k = 1;
