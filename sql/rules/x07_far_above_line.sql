-- X07 收入明显超线未退
-- 连续两年人均纯收入超过监测收入线的规定倍数、三保障都有，仍为未脱贫的。
-- 政策依据: 北委发〔2019〕5号 三(一)1 精准识别、动态管理（应退尽退）；国开发〔2020〕6号 监测收入线。
-- Severity: 黄
-- Owner: 乡镇
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: household（未脱贫、预脱贫、返贫的建档立卡户）
-- Scope: household_id = subject
-- Parameters: MON_LINE, CLEARLY_ABOVE_LINE
-- Feeds: registry_household, registry_person, education_enrollment, health_insurance, housing_assessment
-- Undone by: registry_household, registry_person
-- Inputs: mart.household_status, core.registry_household, ref.parameter, ref.run.
-- Limits: 上年收入取一年以前有效的那一行建档记录，没有的无法判定。两年都与运行日的监测线比较：2020 年以前没有全国统一的监测线。
--   三保障取 mart.household_status，无法判定的同之。
-- Tie-breaks: none (history holds one row per household on a day).
WITH parameter AS (
  SELECT
    max(CASE WHEN parameter.code = 'MON_LINE' THEN parameter.value END) AS monitoring_line,
    max(CASE WHEN parameter.code = 'CLEARLY_ABOVE_LINE' THEN parameter.value END) AS times
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
former AS (
  SELECT household.household_id, household.net_income_per_head_yuan
  FROM core.registry_household AS household
  CROSS JOIN ref.run
  WHERE
    household.recorded_to = TIMESTAMP '9999-12-31 00:00:00' AND household.valid_from <= run.as_of - INTERVAL 1 YEAR
    AND household.valid_to > run.as_of - INTERVAL 1 YEAR
),
judged AS (
  SELECT
    status.household_id,
    status.village_code,
    status.three_guarantees_state,
    status.net_income_per_head_yuan,
    former.net_income_per_head_yuan AS former_net_income_per_head_yuan,
    CAST(parameter.monitoring_line * parameter.times AS DECIMAL(18, 2)) AS clearly_above_yuan
  FROM mart.household_status AS status
  CROSS JOIN parameter
  LEFT JOIN former ON former.household_id = status.household_id
  WHERE status.is_poor
)
SELECT
  judged.household_id AS subject,
  household.person_key,
  judged.household_id,
  judged.village_code,
  CASE
    WHEN judged.net_income_per_head_yuan <= judged.clearly_above_yuan OR judged.former_net_income_per_head_yuan <= judged.clearly_above_yuan
      OR judged.three_guarantees_state = '无' THEN '未命中'
    WHEN judged.net_income_per_head_yuan IS NULL OR judged.former_net_income_per_head_yuan IS NULL OR judged.three_guarantees_state <> '有' THEN '无法判定'
    ELSE '命中'
  END AS verdict,
  '连续两年收入明显超线，仍未退出' AS clue_reason,
  judged.net_income_per_head_yuan,
  judged.former_net_income_per_head_yuan,
  judged.clearly_above_yuan,
  judged.three_guarantees_state
FROM judged
LEFT JOIN core.registry_household_now AS household ON household.household_id = judged.household_id
