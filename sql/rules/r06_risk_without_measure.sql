-- R06 风险与帮扶不匹配
-- 监测对象的风险是安全住房而没有住房措施、是安全饮水而没有饮水措施，或者是因病而合规自付为零的。
-- 政策依据: 国开发〔2020〕6号 “缺什么补什么”；监测对象数据质量核查要求。
-- Severity: 黄
-- Owner: fupinban
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: household（监测对象户，风险未消除）
-- Scope: household_id = subject
-- Parameters: none
-- Feeds: monitored_household, aid_measure
-- Undone by: aid_measure
-- Inputs: core.monitored_household_now, core.aid_measure_now.
-- Limits: 措施看两处：监测台账的帮扶措施写到住房、危房、房屋、搬迁（饮水、水井、供水），或识别月份以后的帮扶措施台账有住房安全、饮水安全类。风险已
--   消除的不判。合规自付为空的按没有填报处理：因病而合规自付为空的无法判定，为零的命中。多次纳入的看最近一次。
-- Tie-breaks: 多次纳入取识别日期最晚的一次（键为户和识别日期，不会再相同）。
WITH ranked AS (
  SELECT
    household_id, village_code, person_key, monitored_date, is_risk_cleared, eligible_self_paid_yuan, measures,
    concat_ws(',', risk_1_code, risk_2_code, risk_3_code, risk_4_code, risk_5_code) AS risk_codes,
    row_number() OVER (PARTITION BY household_id ORDER BY monitored_date DESC) AS choice
  FROM core.monitored_household_now
),
watched AS (
  SELECT
    household_id, village_code, person_key, monitored_date, eligible_self_paid_yuan,
    risk_codes LIKE '%09%' AS is_house_risk,
    risk_codes LIKE '%10%' AS is_water_risk,
    risk_codes LIKE '%01%' AS is_illness_risk,
    coalesce(measures LIKE '%住房%' OR measures LIKE '%危房%' OR measures LIKE '%房屋%' OR measures LIKE '%搬迁%', FALSE) AS is_house_stated,
    coalesce(measures LIKE '%饮水%' OR measures LIKE '%水井%' OR measures LIKE '%供水%', FALSE) AS is_water_stated
  FROM ranked
  WHERE choice = 1 AND NOT is_risk_cleared
),
helped AS (
  SELECT
    watched.household_id,
    count(*) FILTER (WHERE measure.aid_kind_code = '05') AS house_measure_count,
    count(*) FILTER (WHERE measure.aid_kind_code = '06') AS water_measure_count
  FROM watched
  INNER JOIN core.aid_measure_now AS measure ON measure.household_id = watched.household_id
  WHERE measure.aid_kind_code IN ('05', '06') AND measure.aid_date >= CAST(date_trunc('month', watched.monitored_date) AS DATE)
  GROUP BY watched.household_id
),
judged AS (
  SELECT
    watched.*,
    watched.is_house_risk AND NOT watched.is_house_stated AND coalesce(helped.house_measure_count, 0) = 0 AS is_house_missed,
    watched.is_water_risk AND NOT watched.is_water_stated AND coalesce(helped.water_measure_count, 0) = 0 AS is_water_missed
  FROM watched
  LEFT JOIN helped ON helped.household_id = watched.household_id
)
SELECT
  household_id AS subject,
  person_key,
  household_id,
  village_code,
  CASE
    WHEN is_house_missed OR is_water_missed OR coalesce(is_illness_risk AND eligible_self_paid_yuan = 0, FALSE) THEN '命中'
    WHEN is_illness_risk AND eligible_self_paid_yuan IS NULL THEN '无法判定'
    ELSE '未命中'
  END AS verdict,
  concat_ws(
    '、',
    CASE WHEN is_house_missed THEN '住房风险没有住房措施' END,
    CASE WHEN is_water_missed THEN '饮水风险没有饮水措施' END,
    CASE WHEN is_illness_risk AND eligible_self_paid_yuan = 0 THEN '因病而合规自付为零' END
  ) AS clue_reason,
  monitored_date,
  is_house_risk,
  is_water_risk,
  is_illness_risk,
  eligible_self_paid_yuan
FROM judged
