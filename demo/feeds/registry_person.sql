-- 建档立卡人口: one row per member of a registered household. 证件号码 of some disabled people is their 20-digit certificate.
SELECT pno, person_id, household_id, data_date, name, sex_code,
  CASE WHEN is_disabled AND u(pno, 'certificate') < 500000 THEN '09' ELSE '01' END AS id_type_code,
  CASE WHEN is_disabled AND u(pno, 'certificate') < 500000 THEN citizen_id || CAST(1 + dice(pno, 'category', 7) AS VARCHAR) || CAST(disability_level AS VARCHAR) ELSE citizen_id END AS citizen_id,
  CAST(birth_date AS VARCHAR) AS birth_date,
  CASE role WHEN 'head' THEN '01' WHEN 'spouse' THEN '02' WHEN 'child' THEN CASE WHEN is_male THEN '03' ELSE '04' END
    WHEN 'parent' THEN CASE WHEN is_male THEN '11' ELSE '12' END WHEN 'other' THEN '99' ELSE CASE WHEN is_male THEN '07' ELSE '08' END END AS relation_code,
  ethnic_code,
  CASE WHEN is_pupil OR age < 6 THEN NULL WHEN age > 70 THEN CASE WHEN u(pno, 'learned') < 500000 THEN '01' ELSE '02' END
    WHEN u(pno, 'learned') < 350000 THEN '02' WHEN u(pno, 'learned') < 850000 THEN '03' WHEN u(pno, 'learned') < 950000 THEN '04' ELSE '05' END AS education_code,
  CASE WHEN NOT is_pupil OR is_dropout THEN '01' WHEN age < 6 THEN '02' WHEN age < 12 THEN '03' WHEN age < 16 THEN digits(least(age - 8, 6), 2) ELSE digits(age - 9, 2) END AS student_status_code,
  CASE WHEN is_disabled AND age >= 2 THEN '04' WHEN illness < 30000 THEN '03' WHEN illness < 250000 THEN '02' ELSE '01' END AS health_code,
  CASE WHEN age < 16 OR is_pupil OR age > 70 THEN '04' WHEN is_disabled AND disability_level < 3 THEN '03' WHEN age > 60 OR is_disabled THEN '05' WHEN u(pno, 'skill') < 100000 THEN '01' ELSE '02' END AS labour_code,
  CASE WHEN age BETWEEN 19 AND 60 AND NOT is_disabled AND u(pno, 'away') < 500000 THEN CASE WHEN u(pno, 'away') < 150000 THEN '省外' WHEN u(pno, 'away') < 300000 THEN '县外省内' ELSE '乡镇内' END END AS work_place,
  CASE WHEN age BETWEEN 19 AND 60 AND NOT is_disabled AND u(pno, 'away') < 500000 THEN CAST(1 + dice(pno, 'months', 12) AS VARCHAR) END AS work_months,
  yes_no(is_minimum_living) AS is_minimum_living, yes_no(NOT is_uninsured) AS is_health_insured, yes_no(age >= 16 AND NOT is_pupil) AS is_pension_insured, yes_no(FALSE) AS is_military,
  '1440' || digits(dice(CASE WHEN is_changed(pno, 'person') THEN -pno ELSE pno END, 'person phone', 10000000), 7) AS phone,
  hno NOT IN (SELECT hno FROM marked) AS is_spare
FROM person WHERE is_registered
