-- V01 村不达标退出
-- 已退出或计划当年退出的贫困村，综合贫困发生率不低于标准的。
-- 政策依据: 北委发〔2019〕5号 三(一)3 “贫困村退出以综合贫困发生率低于2%为主要指标”；分子含返贫、漏评、错退。
-- Severity: 红
-- Owner: fupinban
-- Version: 1，2016-04-23 至 9999-12-31
-- Subject: village（不以户计）
-- Parameters: VILLAGE_EXIT_RATE
-- Feeds: village, registry_household, registry_person
-- May use: exit_finding, household_registration, target_baseline
-- Undone by: village
-- Inputs: mart.village_exit.
-- Limits: 恰为标准即命中。认定名单（exit_finding）未到时，不加漏评、错退已达到标准的仍命中，否则无法判定，不会当作没有漏评、错退。
--   登记死亡而没有核减的人仍在分子里，另由核减规则提示。
-- Tie-breaks: none; mart.village_exit has one row per village.
SELECT
  village.village_code AS subject,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS household_id,
  village.village_code,
  CASE village.rate_state
    WHEN '不达标' THEN '命中'
    WHEN '达标' THEN '未命中'
    ELSE '无法判定'
  END AS verdict,
  village.exit_plan,
  village.not_exited_persons,
  village.returned_persons,
  village.missed_persons,
  village.wrongly_exited_persons,
  village.denominator,
  village.comprehensive_incidence
FROM mart.village_exit AS village
WHERE village.exit_plan IN ('已退出', '计划退出')
