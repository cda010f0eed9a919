-- X04 工商登记: directors, shareholders from a quarter on, shopkeepers; beside them smaller shares, members of cooperatives, closed firms.
CREATE OR REPLACE TEMP TABLE wish AS FROM (VALUES ('director of a firm', '命中', '1', '1', '0.6000', '1', 1), ('exactly a quarter of a firm', '命中', '1', '2', '0.2500', '1', 1), ('keeps a shop', '命中', '2', '3', NULL, '1', 2), ('chairs a cooperative', '命中', '3', '1', '0.2000', '1', 1),
  ('less than a quarter of a firm', '未命中', '1', '2', '0.2499', '1', 1), ('member of a cooperative', '未命中', '3', '4', '0.0100', '1', 2), ('has put money into a cooperative', '未命中', '3', '2', '0.3000', '1', 1), ('closed the shop', '未命中', '2', '3', NULL, '3', 1),
  ('on the board of a firm', '未命中', '1', '9', NULL, '1', 1), ('a share nobody knows', '无法判定', '1', '2', NULL, '1', 1)) t(variant, verdict, kind, role_of, share, status, number);
INSERT INTO planted
SELECT 'X04', variant, verdict, household_id, hno, NULL FROM (
  SELECT *, row_number() OVER (ORDER BY draw) AS place FROM free WHERE class = 'exited' AND head_age BETWEEN 25 AND 65 AND NOT is_minimum_living AND disabled = 0
    AND hno NOT IN (SELECT hno FROM c_business_registration JOIN person USING (pno))
) JOIN (SELECT *, sum(number) OVER (ORDER BY variant) AS last FROM wish) ON place > last - number AND place <= last;
INSERT INTO c_business_registration BY NAME
SELECT p.pno, credit_code(kind, 900000000 - p.hno) AS credit_code, '北镇市第' || CAST(p.hno AS VARCHAR) || '家商行' AS enterprise_name, p.name, p.citizen_id, role_of AS role_code, share AS capital_ratio, kind AS enterprise_type_code,
  '2016-04-05' AS established_date, status AS enterprise_status_code, CASE WHEN status = '3' THEN '2019-01-20' END AS cancelled_date, '200000.00' AS registered_capital_yuan, p.data_date, FALSE AS is_spare
FROM planted JOIN wish USING (variant) JOIN person p USING (hno) WHERE rule_id = 'X04' AND p.k = 1;
