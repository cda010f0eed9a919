-- G01 义务教育阶段失学辍学
-- 六至十五周岁、没有在读学籍，也没有送教上门、外地就读证明、不具备学习条件或延缓入学依据的孩子。
-- 政策依据: 《义务教育法》；国办发〔2017〕72号 控辍保学；北委发〔2019〕5号 二(一)2 “确保适龄儿童、少年应学在学”；国家脱贫攻坚普查公报。
-- Severity: 红
-- Owner: jiaoyu
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: person（不按户）
-- Scope: person_key
-- Parameters: EDU_AGE_MIN, EDU_AGE_MAX, SCHOOL_PROOF_DAYS
-- Feeds: education_enrollment, education_case, household_registration, registry_person
-- Undone by: education_enrollment, education_case
-- Inputs: core.school_age.
-- Limits: 全县适龄儿童，不限建档立卡。台账没有到就全部无法判定：在县外就读的孩子没有本地学籍，不能当作失学。在籍不在校由 G02 判断。休学、转出去向待核，
--   以及有同名同生日的学籍没有对上人的，无法判定。本学年开学后才满六周岁的不算。
-- Tie-breaks: none.
SELECT
  CAST(child.person_key AS VARCHAR) AS subject,
  child.person_key,
  child.household_id,
  child.village_code,
  CASE
    WHEN child.schooling_basis = '参数未录入' THEN '参数缺失'
    WHEN child.schooling_basis IN ('辍学', '未在校而无有效证明', '无在读学籍') THEN '命中'
    WHEN child.schooling_basis IN ('休学，待核', '转出，去向待核', '有同名学籍未对上') THEN '无法判定'
    ELSE '未命中'
  END AS verdict,
  child.schooling_basis,
  child.age,
  child.is_registered,
  child.proof_date AS school_proof_date
FROM core.school_age AS child
