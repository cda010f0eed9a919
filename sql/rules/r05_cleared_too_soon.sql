-- R05 风险消除过快或条件不足
-- 监测对象识别后两个月以内就消除风险的，或者收入不稳、三保障未解决、无劳动能力又没有兜底就消除的。
-- 政策依据: 国开发〔2020〕6号、中农组发〔2021〕7号 风险消除标准；监测对象数据质量核查要求。
-- Severity: 黄
-- Owner: fupinban
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: household（监测对象户，风险已消除）
-- Scope: household_id = subject
-- Parameters: CLEAR_MONTHS, MON_LINE, PENSION_JOIN_AGE, IDLE_MONTHS
-- Feeds: monitored_household, registry_household, registry_person, subsistence_allowance, special_hardship
-- Inputs: core.monitored_household_now, core.member, core.family_income, core.registry_person_now, core.subsistence_allowance_now,
--   core.special_hardship_now, mart.household_status, ref.parameter, ref.run.
-- Limits: 只判帮扶消除（消除方式为空的也判）；自然消除的不命中。恰好满两个月命中。收入、三保障、劳动力以运行日的情况为准，因此是“消除以后仍未解决”。
--   边缘户没有登记收入和三保障状态，只判消除快慢和兜底。收入、三保障无法判定的，其余条件都不成立时为无法判定。多次纳入的看最近一次，最近一次未消除的不判。
-- Tie-breaks: 多次纳入取识别日期最晚的一次（键为户和识别日期，不会再相同）。
WITH parameter AS (
  SELECT
    max(CASE WHEN parameter.code = 'CLEAR_MONTHS' THEN parameter.value END) AS clear_months,
    max(CASE WHEN parameter.code = 'MON_LINE' THEN parameter.value END) AS monitor_line,
    max(CASE WHEN parameter.code = 'PENSION_JOIN_AGE' THEN parameter.value END) AS adult_age
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
ranked AS (
  SELECT
    household_id, village_code, person_key, monitored_date, is_risk_cleared, cleared_way_code, cleared_date,
    row_number() OVER (PARTITION BY household_id ORDER BY monitored_date DESC) AS choice
  FROM core.monitored_household_now
),
cleared AS (
  SELECT
    ranked.household_id, ranked.village_code, ranked.person_key, ranked.monitored_date, ranked.cleared_way_code, ranked.cleared_date,
    coalesce(member.family_key, 'R' || ranked.household_id) AS family_key,
    12 * (extract(YEAR FROM ranked.cleared_date) - extract(YEAR FROM ranked.monitored_date))
    + extract(MONTH FROM ranked.cleared_date) - extract(MONTH FROM ranked.monitored_date)
    + CASE WHEN extract(DAY FROM ranked.cleared_date) > extract(DAY FROM ranked.monitored_date) THEN 1 ELSE 0 END AS months_to_clear
  FROM ranked
  LEFT JOIN core.member AS member ON member.person_key = ranked.person_key
  WHERE ranked.choice = 1 AND ranked.is_risk_cleared AND ranked.cleared_date IS NOT NULL
),
supported AS (
  SELECT person_key FROM core.subsistence_allowance_now WHERE benefit_stop_month IS NULL
  UNION
  SELECT person_key FROM core.special_hardship_now WHERE benefit_stop_month IS NULL
),
people AS (
  SELECT
    cleared.household_id,
    count(*) FILTER (WHERE coalesce(member.age, parameter.adult_age) >= parameter.adult_age AND coalesce(listed.labour_code IN ('01', '02', '05'), TRUE))
      AS able_count,
    count(*) FILTER (WHERE supported.person_key IS NOT NULL) AS supported_count
  FROM cleared
  INNER JOIN core.member AS member ON member.family_key = cleared.family_key
  CROSS JOIN parameter
  LEFT JOIN core.registry_person_now AS listed ON listed.person_id = member.person_id
  LEFT JOIN supported ON supported.person_key = member.person_key
  WHERE NOT member.is_deceased
  GROUP BY cleared.household_id
),
judged AS (
  SELECT
    cleared.*,
    parameter.clear_months,
    parameter.monitor_line,
    status.household_id IS NOT NULL AS is_registered,
    coalesce(family.watched_income_per_head_yuan, status.net_income_per_head_yuan) AS watched_income_per_head_yuan,
    status.three_guarantees_state,
    coalesce(cleared.months_to_clear <= parameter.clear_months, FALSE) AS is_too_soon,
    coalesce(people.able_count = 0 AND people.supported_count = 0, FALSE) AS is_unsupported
  FROM cleared
  CROSS JOIN parameter
  LEFT JOIN mart.household_status AS status ON status.household_id = cleared.household_id
  LEFT JOIN core.family_income AS family ON family.family_key = 'R' || cleared.household_id
  LEFT JOIN people ON people.household_id = cleared.household_id
)
SELECT
  household_id AS subject,
  person_key,
  household_id,
  village_code,
  CASE
    WHEN coalesce(cleared_way_code, '1') = '2' THEN '未命中'
    WHEN is_too_soon OR is_unsupported THEN '命中'
    WHEN watched_income_per_head_yuan < monitor_line OR three_guarantees_state = '无' THEN '命中'
    WHEN is_registered AND (watched_income_per_head_yuan IS NULL OR three_guarantees_state IN ('无法判定', '参数缺失')) THEN '无法判定'
    ELSE '未命中'
  END AS verdict,
  concat_ws(
    '、',
    CASE WHEN is_too_soon THEN '消除过快' END,
    CASE WHEN watched_income_per_head_yuan < monitor_line THEN '收入低于监测线' END,
    CASE WHEN three_guarantees_state = '无' THEN '三保障未解决' END,
    CASE WHEN is_unsupported THEN '无劳动能力而没有兜底' END
  ) AS clue_reason,
  monitored_date,
  cleared_date,
  cleared_way_code,
  CAST(months_to_clear AS BIGINT) AS months_to_clear,
  watched_income_per_head_yuan,
  monitor_line,
  three_guarantees_state
FROM judged
