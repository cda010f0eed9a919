-- L03 非建档户获贷
-- 扶贫小额信贷的借款人放款时不是建档立卡户的（按政策允许边缘户以后，边缘户除外）。
-- 政策依据: 国开办发〔2014〕78号、银监发〔2017〕42号：扶贫小额信贷对象为建档立卡贫困户；银保监发〔2020〕28号 边缘人口。
-- Severity: 橙
-- Owner: yinhang
-- Version: 1，2014-12-01 至 9999-12-31
-- Subject: loan（借款人所在的建档立卡户）
-- Parameters: LOAN_FRINGE
-- Feeds: bank_loan, registry_household, registry_person
-- May use: monitored_household
-- Undone by: registry_household, registry_person, monitored_household
-- Inputs: core.loan, core.member, core.registry_household_now, core.registry_person, core.monitored_household_now, ref.feed_state, ref.parameter.
-- Limits: 只看没有结清的扶贫小额信贷。识别时间精确到月，放款当月识别的算已建档；识别时间不详的无法判定。以前在册、现在移出的不算。户籍上与建档户同户、借据写有
--   该类户编号的按家庭成员未录入看待，不算；允许边缘户以后放的款，
--   放款当月已列入监测的边缘易致贫户不算；监测对象名单没有到的无法判定。
-- Tie-breaks: none; one row per loan note.
WITH former AS (
  SELECT person_key
  FROM core.registry_person
  WHERE recorded_to = TIMESTAMP '9999-12-31 00:00:00' AND valid_to < DATE '9999-12-31' AND person_key IS NOT NULL
  GROUP BY person_key
),
feed AS (
  SELECT coalesce(bool_or(feed = 'monitored_household'), FALSE) AS has_monitored
  FROM ref.feed_state
  WHERE is_present AND NOT is_stale
),
fringe_family AS (
  SELECT member.family_key, min(monitored.monitored_date) AS monitored_date
  FROM core.monitored_household_now AS monitored
  INNER JOIN core.member AS member ON member.person_key = monitored.person_key
  WHERE monitored.monitored_kind_code = '2'
  GROUP BY member.family_key
),
borrower AS (
  SELECT loan.loan_no, fringe_family.monitored_date
  FROM core.loan AS loan
  INNER JOIN core.member AS member ON member.person_key = loan.person_key
  INNER JOIN fringe_family ON fringe_family.family_key = member.family_key
),
judged AS (
  SELECT
    loan.loan_no, loan.person_key, loan.household_id, loan.village_code, loan.issued_date, loan.has_registered_kin,
    coalesce(loan.is_registered, FALSE) AS is_registered, former.person_key IS NOT NULL AS was_registered, loan.person_key IS NULL AS is_unknown,
    household.identified_month, household.household_id IS NOT NULL AS has_household, fringe.value AS fringe, feed.has_monitored,
    coalesce(date_trunc('month', borrower.monitored_date) <= date_trunc('month', loan.issued_date), FALSE) AS is_fringe
  FROM core.loan AS loan
  CROSS JOIN feed
  LEFT JOIN core.registry_household_now AS household ON household.household_id = loan.household_id
  LEFT JOIN borrower ON borrower.loan_no = loan.loan_no
  LEFT JOIN former ON former.person_key = loan.person_key
  LEFT JOIN ref.parameter AS fringe
    ON fringe.code = CASE WHEN loan.product_code = '1' THEN 'LOAN_FRINGE' END
    AND loan.issued_date >= fringe.valid_from AND loan.issued_date < fringe.valid_to
  WHERE loan.product_code = '1' AND loan.is_open
),
found AS (
  SELECT
    loan_no, person_key, household_id, village_code, issued_date, identified_month,
    CASE
      WHEN is_registered AND identified_month IS NULL THEN '识别时间不详'
      WHEN is_registered AND date_trunc('month', issued_date) < date_trunc('month', identified_month) THEN '放款早于识别'
      WHEN is_registered OR was_registered THEN '建档户'
      WHEN has_household AND (has_registered_kin OR is_unknown) THEN '借据写有建档户编号'
      WHEN is_unknown THEN '借款人对不上'
      WHEN coalesce(fringe, 0) > 0 AND is_fringe THEN '边缘户'
      WHEN coalesce(fringe, 0) > 0 AND NOT has_monitored THEN '可能是边缘户'
      WHEN has_household THEN '不在借据所写的建档户'
      ELSE '借款人没有建档'
    END AS clue_basis,
    is_unknown
  FROM judged
)
SELECT
  loan_no AS subject,
  person_key,
  household_id,
  village_code,
  CASE
    WHEN clue_basis IN ('放款早于识别', '不在借据所写的建档户', '借款人没有建档') THEN '命中'
    WHEN clue_basis IN ('建档户', '边缘户') OR clue_basis = '借据写有建档户编号' AND NOT is_unknown THEN '未命中'
    ELSE '无法判定'
  END AS verdict,
  clue_basis,
  issued_date AS loan_issued_date,
  CAST(identified_month AS DATE) AS identified_month
FROM found
