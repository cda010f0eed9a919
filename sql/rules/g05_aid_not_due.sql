-- G05 资助不应享已享
-- 近十二个月按建档立卡身份领取学生资助，而本人从来不在建档立卡名单上的。
-- 政策依据: 财科教〔2019〕19号 学生资助资金管理办法；北委发〔2019〕5号 二(一)2。
-- Severity: 黄
-- Owner: jiaoyu
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: person（不按户；亲属在册的另行说明）
-- Scope: person_key
-- Parameters: none
-- Feeds: education_aid, registry_person, registry_household, household_registration
-- Undone by: registry_person, registry_household
-- Inputs: core.education_aid_now, core.registry_person, core.member, ref.run.
-- Limits: 曾经在册、后来核减的不算。同户口簿有亲属在册而本人不在的，可能是新增人口没有录入，无法判定。证件号码填成监护人的会对到监护人身上。
-- Tie-breaks: none (sums only).
WITH granted AS (
  SELECT
    aid.person_key,
    count(*) AS aid_payment_count,
    sum(aid.amount_yuan) AS aid_paid_yuan,
    max(aid.term_code) AS term_code
  FROM core.education_aid_now AS aid
  CROSS JOIN ref.run AS run
  WHERE aid.is_registered_poor AND aid.person_key IS NOT NULL
    AND aid.payout_date > run.as_of - INTERVAL 1 YEAR AND aid.payout_date <= run.as_of
  GROUP BY aid.person_key
),
listed AS (
  SELECT history.person_key
  FROM core.registry_person AS history
  INNER JOIN granted ON granted.person_key = history.person_key
  WHERE history.recorded_to = TIMESTAMP '9999-12-31 00:00:00'
  GROUP BY history.person_key
)
SELECT
  CAST(granted.person_key AS VARCHAR) AS subject,
  granted.person_key,
  member.household_id,
  member.village_code,
  CASE
    WHEN coalesce(member.is_registered, FALSE) OR listed.person_key IS NOT NULL THEN '未命中'
    WHEN member.has_registered_kin THEN '无法判定'
    ELSE '命中'
  END AS verdict,
  granted.term_code,
  granted.aid_payment_count,
  CAST(granted.aid_paid_yuan AS DECIMAL(18, 2)) AS aid_paid_yuan
FROM granted
LEFT JOIN core.member AS member ON member.person_key = granted.person_key
LEFT JOIN listed ON listed.person_key = granted.person_key
