-- Q10 务工收入与务工情况矛盾
-- 建档立卡户登记了工资性收入而没有人务工，有人务工而没有工资性收入，或者登记为无劳动力、丧失劳动力的人在务工。
-- 政策依据: 北委发〔2019〕5号 三(一)2 “规范信息采集、整理、反馈和发布工作”；建档立卡数据质量核查项（务工收入与务工时间、劳动技能）。
-- Severity: 黄
-- Owner: 乡镇
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: household（建档立卡共同生活户）
-- Scope: household_id = subject
-- Parameters: none
-- Feeds: registry_household, registry_person
-- Undone by: registry_household, registry_person
-- Inputs: core.registry_household_now, core.registry_person_now.
-- Limits: 务工时间为空按没有务工；整个名单没有一个人填务工时间的视为没有报送，只能查出无劳动力务工。超过 12 个月的在接收时已退回。弱劳动力、
--   半劳动力务工不算矛盾。工资性收入为空的，除无劳动力务工外无法判定。
-- Tie-breaks: none (counts only).
WITH working AS (
  SELECT
    household_id,
    count(*) FILTER (WHERE work_months > 0) AS worker_count,
    count(*) FILTER (WHERE work_months > 0 AND labour_code IN ('03', '04')) AS unable_worker_count
  FROM core.registry_person_now
  GROUP BY household_id
),
reported AS (
  SELECT count(work_months) > 0 AS has_months
  FROM core.registry_person_now
),
compared AS (
  SELECT
    household.household_id, household.person_key, household.village_code, household.wage_income_yuan,
    coalesce(working.worker_count, 0) AS worker_count,
    coalesce(working.unable_worker_count, 0) AS unable_worker_count,
    reported.has_months AND household.wage_income_yuan IS NOT NULL AS is_comparable,
    CASE
      WHEN reported.has_months AND household.wage_income_yuan > 0 AND coalesce(working.worker_count, 0) = 0 THEN '有务工收入，没有人务工'
      WHEN reported.has_months AND household.wage_income_yuan = 0 AND working.worker_count > 0 THEN '有人务工，没有务工收入'
    END AS wage_reason,
    CASE WHEN working.unable_worker_count > 0 THEN '无劳动力的人在务工' END AS labour_reason
  FROM core.registry_household_now AS household
  CROSS JOIN reported
  LEFT JOIN working ON working.household_id = household.household_id
)
SELECT
  household_id AS subject,
  person_key,
  household_id,
  village_code,
  CASE
    WHEN wage_reason IS NOT NULL OR labour_reason IS NOT NULL THEN '命中'
    WHEN NOT is_comparable THEN '无法判定'
    ELSE '未命中'
  END AS verdict,
  concat_ws('、', wage_reason, labour_reason) AS clue_reason,
  wage_income_yuan AS listed_wage_income_yuan,
  worker_count AS listed_worker_count,
  unable_worker_count
FROM compared
