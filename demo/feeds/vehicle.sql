-- 机动车: cars of households that are not registered; registered ones have motorcycles, three-wheelers, tractors and a few wrecks, which say nothing.
WITH owner AS (
  SELECT *, CASE WHEN NOT is_registered AND NOT is_omitted THEN CASE WHEN u(hno, 'vehicle') < 120000 THEN '1' WHEN u(hno, 'vehicle') < 140000 THEN '3' WHEN u(hno, 'vehicle') < 200000 THEN '4' WHEN u(hno, 'vehicle') < 240000 THEN '5' END
    ELSE CASE WHEN u(hno, 'vehicle') < 60000 THEN '4' WHEN u(hno, 'vehicle') < 100000 THEN '5' WHEN u(hno, 'vehicle') < 110000 THEN '6' WHEN u(hno, 'vehicle') < 115000 THEN '1' END END AS kind
  FROM person WHERE k = 1 AND NOT is_dead AND age BETWEEN 22 AND 72
)
SELECT pno, '辽G' || substr(letters, CAST(1 + hno // 57600 % 24 AS INTEGER), 1) || substr(letters, CAST(1 + hno // 2400 % 24 AS INTEGER), 1) || substr(letters, CAST(1 + hno // 100 % 24 AS INTEGER), 1) || digits(hno % 100, 2) AS plate_no, name, citizen_id, kind AS vehicle_type_code,
  CASE kind WHEN '1' THEN '五菱牌LZW6407' WHEN '3' THEN '时代牌BJ1032' WHEN '4' THEN '嘉陵牌JH125' WHEN '5' THEN '时风牌7YP-1150' ELSE '东方红LX904' END AS brand_model,
  CASE WHEN kind = '3' THEN '2' ELSE '1' END AS vehicle_use_code, CAST(DATE '2008-01-01' + CAST(dice(hno, 'plated', 4100) AS INTEGER) AS VARCHAR) AS first_registered_date,
  CASE WHEN is_registered AND kind = '1' THEN CASE WHEN u(hno, 'wreck') < 500000 THEN 'E' ELSE 'P' END WHEN u(hno, 'wreck') < 30000 THEN 'Q' WHEN u(hno, 'wreck') < 60000 THEN 'P' ELSE 'A' END AS vehicle_status_code,
  yuan(100000 * CASE kind WHEN '1' THEN 35 + dice(hno, 'price', 90) WHEN '3' THEN 40 + dice(hno, 'price', 60) WHEN '6' THEN 15 + dice(hno, 'price', 14) ELSE 2 + dice(hno, 'price', 10) END) AS price_yuan, data_date,
  is_spare AND (kind <> '1' OR NOT is_registered) AS is_spare
FROM (SELECT *, 'ABCDEFGHJKLMNPQRSTUVWXYZ' AS letters FROM owner WHERE kind IS NOT NULL)
