-- P03 年满60周岁未领取养老金
-- 建档立卡人口年满 60 周岁，没有领取任何养老金的。
-- 政策依据: 国发〔2014〕8号；北委发〔2019〕5号 二(一)5 养老保险全覆盖。
-- Severity: 橙
-- Owner: renshe
-- Version: 1，2014-02-21 至 9999-12-31
-- Subject: person（年满 60 周岁的建档立卡人口）
-- Scope: person_key
-- Parameters: PENSION_AGE
-- Feeds: registry_person, social_insurance, pension_payment
-- Undone by: social_insurance, pension_payment
-- Inputs: core.safety_net_person, core.pension_payment_now, ref.parameter, ref.run.
-- Limits: 满 60 周岁的次月起领取，次月以前不判。领取 = 参保名单为正在领取（没有填的看参保状态），或近十二个月有成功发放。在外地领取的看不到。死亡人员不判。
-- Tie-breaks: none.
WITH parameter AS (
  SELECT max(CASE WHEN parameter.code = 'PENSION_AGE' THEN parameter.value END) AS pension_age
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
paid AS (
  SELECT payment.person_key
  FROM core.pension_payment_now AS payment
  CROSS JOIN ref.run
  WHERE
    payment.payout_date > run.as_of - INTERVAL 1 YEAR AND payment.payout_date <= run.as_of AND coalesce(payment.payout_code, '1') = '1'
    AND payment.payment_kind_code <> '4'
  GROUP BY payment.person_key
)
SELECT
  CAST(person.person_key AS VARCHAR) AS subject,
  person.person_key,
  person.household_id,
  person.village_code,
  CASE WHEN person.is_pensioner OR paid.person_key IS NOT NULL THEN '未命中' ELSE '命中' END AS verdict,
  '年满60周岁没有领取养老金' AS clue_reason,
  person.age
FROM core.safety_net_person AS person
CROSS JOIN ref.run AS run
CROSS JOIN parameter
LEFT JOIN paid ON paid.person_key = person.person_key
WHERE
  person.is_registered AND NOT person.is_dead
  AND 12 * (extract(YEAR FROM run.as_of) - extract(YEAR FROM person.birth_date)) + extract(MONTH FROM run.as_of) - extract(MONTH FROM person.birth_date)
  > 12 * parameter.pension_age
