-- X03 城镇房产、商铺: flats and shops; beside them one's own house, a resettled one, a garage, and an inheritance that says nothing.
CREATE OR REPLACE TEMP TABLE wish AS FROM (VALUES ('bought a flat', '命中', '1', '1', 2), ('bought the flat of the unit', '命中', '1', '6', 1), ('a shop', '命中', '2', '1', 1), ('an inherited shop', '命中', '2', '3', 1),
  ('built at home', '未命中', '1', '2', 1), ('resettled', '未命中', '1', '5', 1), ('a shop given for the old one', '未命中', '2', '5', 1), ('a garage', '未命中', '3', '1', 1), ('inherited a house', '无法判定', '1', '3', 1), ('nobody knows how', '无法判定', '1', NULL, 1)) t(variant, verdict, purpose, way, number);
INSERT INTO planted
SELECT 'X03', variant, verdict, household_id, hno, NULL FROM (
  SELECT *, row_number() OVER (ORDER BY draw) AS place FROM free WHERE class = 'exited' AND head_age >= 25 AND hno NOT IN (SELECT hno FROM c_real_estate JOIN person USING (pno))
) JOIN (SELECT *, sum(number) OVER (ORDER BY variant) AS last FROM wish) ON place > last - number AND place <= last;
INSERT INTO c_real_estate BY NAME
SELECT p.pno, '辽(2019)北镇市不动产权第9' || digits(p.hno, 8) || '号' AS property_cert_no, '210782' || digits(9000000000 + p.hno, 22) AS property_unit_no, p.name, p.citizen_id, '辽宁省北镇市广宁街道' AS address,
  purpose AS property_use_code, '88.5' AS area_sqm, way AS acquired_code, '1' AS co_ownership_code, '1.0000' AS share_ratio, '2018-03-04' AS registered_date, p.data_date, FALSE AS is_spare
FROM planted JOIN wish USING (variant) JOIN person p USING (hno) WHERE rule_id = 'X03' AND p.k = 1;
