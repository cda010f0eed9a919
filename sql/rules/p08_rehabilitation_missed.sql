-- P08 残疾人康复、无障碍未覆盖
-- 贫困残疾人当年没有得到康复、辅具或无障碍服务，所在乡镇的覆盖率又低于目标的。
-- 政策依据: 北委发〔2019〕5号 二(三)2–3 康复服务率 80%、无障碍改造。
-- Severity: 黄
-- Owner: canlian
-- Version: 1，2019-01-01 至 9999-12-31
-- Subject: person（未脱贫、预脱贫、返贫户中持有效残疾人证的人）
-- Parameters: REHAB_RATE
-- Feeds: disability, disability_service, registry_household, registry_person
-- Undone by: disability_service
-- Inputs: core.safety_net_person, ref.parameter, ref.run.
-- Limits: 目标是乡镇的比率，不是每个人都需要服务：覆盖率达到（等于也算）目标的乡镇不提示个人。哪些服务算数见 core.safety_net_person，近十二个月的也算，
--   所以年初不会全部命中。村代码不详的按“不详”合为一组。
-- Tie-breaks: none.
WITH parameter AS (
  SELECT max(CASE WHEN parameter.code = 'REHAB_RATE' THEN parameter.value END) AS rehab_rate_target
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
due AS (
  SELECT person_key, household_id, village_code, coalesce(substr(village_code, 1, 9), '不详') AS town_code, is_served
  FROM core.safety_net_person
  WHERE is_service_due
),
town AS (
  SELECT town_code, count(*) AS town_due_count, count(*) FILTER (WHERE is_served) AS town_served_count
  FROM due
  GROUP BY town_code
)
SELECT
  CAST(due.person_key AS VARCHAR) AS subject,
  due.person_key,
  due.household_id,
  due.village_code,
  CASE WHEN NOT due.is_served AND town.town_served_count < parameter.rehab_rate_target * town.town_due_count THEN '命中' ELSE '未命中' END AS verdict,
  '当年没有康复、无障碍服务，乡镇覆盖率未达标' AS clue_reason,
  town.town_due_count,
  town.town_served_count,
  parameter.rehab_rate_target
FROM due
INNER JOIN town ON town.town_code = due.town_code
CROSS JOIN parameter
