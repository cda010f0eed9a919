-- 死亡医学证明: four in five of the dead whom the police know, with the same day of death.
SELECT pno, 'SW2019' || digits(pno, 9) AS death_certificate_no, name, citizen_id, sex_code, CAST(birth_date AS VARCHAR) AS birth_date, CAST(died AS VARCHAR) AS death_date, '家中' AS death_place,
  '辽宁省北镇市' || town_name || village_name || CAST(1 + dice(hno, 'group', 8) AS VARCHAR) || '组' || CAST(1 + dice(hno, 'door', 400) AS VARCHAR) || '号' AS address, village_code,
  '北镇市' || town_name || '卫生院' AS reporting_unit, CAST(died + CAST(1 + dice(pno, 'death reported', 15) AS INTEGER) AS VARCHAR) AS registered_date, FALSE AS is_spare
FROM (SELECT *, getvariable('base') - CAST(40 + dice(pno, 'death', 300) AS INTEGER) AS died FROM person WHERE is_dead AND u(pno, 'certified death') < 800000)
