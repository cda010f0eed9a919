-- 大病慢病与签约: one row per registered person who is ill: serious diseases are treated, chronic ones have a doctor.
WITH ill AS (
  SELECT *, illness < 30000 AS is_serious, greatest(DATE '2015-01-05' + CAST(dice(pno, 'diagnosed', 1400) AS INTEGER), birth_date + 20) AS diagnosed
  FROM person WHERE is_registered AND NOT is_dead AND illness < 250000
), contracted AS (
  SELECT *, diagnosed + CAST(5 + dice(pno, 'contracted', 60) AS INTEGER) AS contracted FROM ill
)
SELECT pno, name, citizen_id, CASE WHEN is_serious THEN '1' ELSE '2' END AS disease_kind_code,
  CASE WHEN is_serious THEN ['食管癌', '胃癌', '终末期肾病', '脑卒中', '急性心肌梗死'][1 + dice(pno, 'disease', 5)] ELSE ['高血压', '糖尿病', '慢性阻塞性肺疾病', '类风湿关节炎'][1 + dice(pno, 'disease', 4)] END AS disease,
  CASE WHEN is_serious THEN ['C15.9', 'C16.9', 'N18.0', 'I64', 'I21.9'][1 + dice(pno, 'disease', 5)] ELSE ['I10', 'E11.9', 'J44.9', 'M06.9'][1 + dice(pno, 'disease', 4)] END AS diagnosis_code,
  CAST(diagnosed AS VARCHAR) AS diagnosed_date, CASE WHEN is_serious THEN '锦州医科大学附属第一医院' ELSE town_name || '中心卫生院' END AS hospital,
  CASE WHEN is_serious THEN CAST(1 + dice(pno, 'treated', 3) AS VARCHAR) ELSE '3' END AS treatment_code, yes_no(contracted <= getvariable('base')) AS is_contracted,
  CASE WHEN contracted <= getvariable('base') THEN CAST(contracted AS VARCHAR) END AS contract_date, CASE WHEN contracted <= getvariable('base') THEN family(-pno) || '医生' END AS doctor_name,
  CAST(1 + dice(pno, 'follow-ups', 6) + CASE WHEN is_changed(pno, 'disease') THEN 1 ELSE 0 END AS VARCHAR) AS follow_up_count,
  CASE WHEN contracted + 20 <= getvariable('base') THEN CAST(greatest(contracted + 20, DATE '2019-04-01') AS VARCHAR) END AS last_follow_up_date, data_date,
  hno NOT IN (SELECT hno FROM marked) AS is_spare
FROM contracted ORDER BY pno
