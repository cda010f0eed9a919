-- 火化: nine in ten of the dead whom the police know, three days after their death.
SELECT pno, 'HH2019' || digits(pno, 9) AS cremation_no, name, citizen_id, CAST(died AS VARCHAR) AS death_date, CAST(died + 3 AS VARCHAR) AS cremated_date, '北镇市殡仪馆' AS crematorium,
  '辽宁省北镇市' || town_name || village_name || CAST(1 + dice(hno, 'group', 8) AS VARCHAR) || '组' || CAST(1 + dice(hno, 'door', 400) AS VARCHAR) || '号' AS address, FALSE AS is_spare
FROM (SELECT *, getvariable('base') - CAST(40 + dice(pno, 'death', 300) AS INTEGER) AS died FROM person WHERE is_dead AND u(pno, 'cremated') < 900000)
