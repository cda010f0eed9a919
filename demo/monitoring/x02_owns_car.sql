-- X02 购置机动车: a small car whatever it cost, something else that cost more than the limit; beside them motorcycles of exactly the limit, three-wheelers, chairs for the disabled,
-- wrecks, and a lorry bought with a loan.
CREATE OR REPLACE TEMP TABLE wish AS FROM (VALUES ('a cheap small car', '命中', '1', 'A', '8000.00', 2), ('a small car with a fine to pay', '命中', '1', 'G', '65000.00', 1), ('a dear motorcycle', '命中', '4', 'A', '30000.01', 1),
  ('a lorry without a loan', '命中', '3', 'A', '80000.00', 1), ('a motorcycle of exactly the limit', '未命中', '4', 'A', '30000.00', 1), ('a chair for the disabled', '未命中', '7', 'A', '45000.00', 1),
  ('a three-wheeler', '未命中', '5', 'A', '38000.00', 1), ('a scrapped car', '未命中', '1', 'P', '65000.00', 1), ('a car sold to another county', '未命中', '1', 'B', '65000.00', 1),
  ('a lorry without a price', '无法判定', '3', 'A', NULL, 1), ('a car nobody has inspected for years', '无法判定', '1', 'Q', '65000.00', 1)) t(variant, verdict, kind, status, price, number);
INSERT INTO planted
SELECT 'X02', variant, verdict, household_id, hno, NULL FROM (
  SELECT *, row_number() OVER (ORDER BY draw) AS place FROM free
  WHERE class = 'exited' AND head_age BETWEEN 25 AND 65 AND NOT has_loan AND hno NOT IN (SELECT hno FROM c_vehicle JOIN person USING (pno)) AND hno NOT IN (SELECT hno FROM c_bank_loan JOIN person USING (pno))
) JOIN (SELECT *, sum(number) OVER (ORDER BY variant) AS last FROM wish) ON place > last - number AND place <= last;
INSERT INTO planted
SELECT 'X02', 'a lorry bought with a loan', '未命中', household_id, hno, NULL FROM free
WHERE class = 'exited' AND hno IN (SELECT hno FROM c_bank_loan JOIN person USING (pno) WHERE settled_date IS NULL) AND hno NOT IN (SELECT hno FROM c_vehicle JOIN person USING (pno)) ORDER BY draw LIMIT wanted(2);
INSERT INTO c_vehicle BY NAME
SELECT p.pno, '辽H' || digits(p.hno % 100000, 5) AS plate_no, p.name, p.citizen_id, coalesce(kind, '3') AS vehicle_type_code, '解放牌' AS brand_model, CASE WHEN coalesce(kind, '3') = '3' THEN '2' ELSE '1' END AS vehicle_use_code,
  coalesce((SELECT min(issued_date) FROM c_bank_loan l WHERE l.pno IN (SELECT pno FROM person h WHERE h.hno = planted.hno)), '2018-05-06') AS first_registered_date, coalesce(status, 'A') AS vehicle_status_code,
  CASE WHEN variant = 'a lorry bought with a loan' THEN '80000.00' ELSE price END AS price_yuan, p.data_date, FALSE AS is_spare
FROM planted LEFT JOIN wish USING (variant) JOIN person p USING (hno) WHERE rule_id = 'X02' AND p.k = 1;
