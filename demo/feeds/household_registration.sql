-- 户籍人口: one row per person.
SELECT pno, '1' || digits(hno, 8) AS hukou_no, CAST(NULL AS VARCHAR) AS former_hukou_no, CASE WHEN u(hno, 'collective') < 5000 THEN '2' ELSE '1' END AS hukou_kind_code,
  CASE WHEN u(hno, 'nature') < 850000 THEN '1' WHEN u(hno, 'nature') < 900000 THEN '3' ELSE '2' END AS hukou_nature_code,
  citizen_id, name, CASE WHEN u(pno, 'former') < 10000 THEN left(name, 1) || given(-pno, is_male) END AS former_name, sex_code, ethnic_code, CAST(birth_date AS VARCHAR) AS birth_date,
  CASE role WHEN 'head' THEN '02' WHEN 'spouse' THEN CASE WHEN is_male THEN '11' ELSE '12' END WHEN 'child' THEN CASE WHEN is_male THEN '20' ELSE '30' END
    WHEN 'parent' THEN CASE WHEN is_male THEN '51' ELSE '52' END WHEN 'other' THEN '99' ELSE CASE WHEN is_male THEN '41' ELSE '42' END END AS relation_code,
  CASE WHEN role = 'spouse' OR role = 'head' AND size > 1 AND age > 22 THEN '20' WHEN role = 'parent' THEN '30' WHEN age < 25 THEN '10' WHEN u(pno, 'marriage') < 300000 THEN '40' ELSE '10' END AS marriage_code,
  CASE WHEN age < 6 THEN NULL WHEN age < 13 OR u(pno, 'learned') < 350000 THEN '80' WHEN age < 17 OR u(pno, 'learned') < 850000 THEN '70' WHEN u(pno, 'learned') < 950000 THEN '60' ELSE '30' END AS education_code,
  '辽宁省北镇市' || town_name || village_name || CAST(1 + dice(hno, 'group', 8) AS VARCHAR) || '组' || CAST(1 + dice(hno, 'door', 400) AS VARCHAR) || '号'
    || CASE WHEN is_changed(pno, 'hukou') THEN '之一' ELSE '' END AS address,
  village_code,
  CASE WHEN is_dead THEN '2' WHEN age = 0 THEN '1' WHEN role = 'spouse' AND u(pno, 'change') < 20000 THEN '6' WHEN u(pno, 'change') < 15000 THEN '3' ELSE '0' END AS change_code,
  CASE WHEN is_dead THEN CAST(getvariable('base') - CAST(40 + dice(pno, 'death', 300) AS INTEGER) AS VARCHAR) WHEN age = 0 THEN CAST(birth_date AS VARCHAR)
    WHEN age > 5 AND u(pno, 'change') < 20000 THEN CAST(getvariable('base') - CAST(dice(pno, 'moved', 1500) AS INTEGER) AS VARCHAR) END AS change_date,
  CASE WHEN is_dead THEN CAST(getvariable('base') - CAST(40 + dice(pno, 'death', 300) AS INTEGER) AS VARCHAR) END AS death_date,
  data_date, is_spare AND NOT is_dead AS is_spare
FROM person
