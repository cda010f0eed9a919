-- 不动产: flats and shops of households that are not registered; of those that are, their own houses and what they were resettled to.
WITH owner AS (
  SELECT *, CASE WHEN NOT is_registered AND NOT is_omitted THEN CASE WHEN u(hno, 'estate') < 90000 THEN 'flat' WHEN u(hno, 'estate') < 100000 THEN 'shop' WHEN u(hno, 'estate') < 400000 THEN 'own' END
    ELSE CASE WHEN u(hno, 'estate') < 300000 THEN 'own' WHEN u(hno, 'estate') < 330000 THEN 'resettled' END END AS kind
  FROM person WHERE k = 1 AND NOT is_dead AND age >= 22
)
SELECT pno, '辽(2018)北镇市不动产权第' || digits(hno, 8) || '号' AS property_cert_no, '210782' || digits(hno, 22) AS property_unit_no, name, citizen_id,
  '辽宁省北镇市' || CASE WHEN kind IN ('flat', 'shop') THEN '广宁街道' ELSE town_name || village_name END || CAST(1 + dice(hno, 'door', 400) AS VARCHAR) || '号' AS address,
  CASE WHEN kind = 'shop' THEN '2' ELSE '1' END AS property_use_code, CAST(50 + dice(hno, 'estate area', 80) AS VARCHAR) || '.5' AS area_sqm,
  CASE kind WHEN 'own' THEN '2' WHEN 'resettled' THEN '5' ELSE '1' END AS acquired_code, '1' AS co_ownership_code, '1.0000' AS share_ratio,
  CAST(DATE '2012-01-01' + CAST(dice(hno, 'deed', 2600) AS INTEGER) AS VARCHAR) AS registered_date, data_date, is_spare
FROM owner WHERE kind IS NOT NULL
