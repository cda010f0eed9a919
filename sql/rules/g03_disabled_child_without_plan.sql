-- G03 未入学残疾儿童无“一人一案”
-- 持证的适龄残疾儿童没有入学，也没有建立一人一案的。
-- 政策依据: 北委发〔2019〕5号 二(三)4 未入学适龄残疾儿童“一人一案”；《残疾人教育条例》。
-- Severity: 橙
-- Owner: jiaoyu
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: person（不按户）
-- Scope: person_key
-- Parameters: EDU_AGE_MIN, EDU_AGE_MAX, SCHOOL_PROOF_DAYS
-- Feeds: disability, education_enrollment, education_case, household_registration, registry_person
-- Undone by: education_enrollment, education_case
-- Inputs: core.school_age, core.disability_now.
-- Limits: 残疾证注销的不算，冻结、过期的仍算残疾儿童。送教上门、外地就读和已完成初中的算入学；不具备学习条件、延缓入学的没有入学，仍须一人一案。
--   本学年开学后才满六周岁的不算。台账有此人而没有填是否建案的无法判定；有同名学籍没有对上人的无法判定。
-- Tie-breaks: 一人几证取最重的等级。
WITH certified AS (
  SELECT person_key, min(disability_grade_code) AS disability_grade_code
  FROM core.disability_now
  WHERE status_code <> '3' AND person_key IS NOT NULL
  GROUP BY person_key
)
SELECT
  CAST(child.person_key AS VARCHAR) AS subject,
  child.person_key,
  child.household_id,
  child.village_code,
  CASE
    WHEN child.schooling_basis IN ('在读', '送教上门', '外地就读', '已完成初中', '在籍不在校', '未到入学日期') THEN '未命中'
    WHEN child.has_case_plan THEN '未命中'
    WHEN child.is_plan_unknown OR child.schooling_basis IN ('有同名学籍未对上', '休学，待核', '转出，去向待核') THEN '无法判定'
    ELSE '命中'
  END AS verdict,
  child.schooling_basis,
  child.age,
  certified.disability_grade_code,
  child.has_case_plan
FROM core.school_age AS child
INNER JOIN certified ON certified.person_key = child.person_key
