-- N05 大额医疗支出
-- 近十二个月个人医疗负担：建档人口住院达到 MED_SELF_REG，其他农村人口合计达到 MED_SELF_ALL 的。
-- 政策依据: 北委发〔2019〕5号 二(一)3 多重保障；防止因病致贫返贫预警标准。
-- Severity: 红
-- Owner: 乡镇
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: person（本人；建档人口带建档立卡户）
-- Scope: person_key
-- Parameters: MED_SELF_REG, MED_SELF_ALL
-- Feeds: health_settlement, registry_person, household_registration
-- Undone by: registry_person
-- Inputs: core.medical_year, core.member, ref.parameter, ref.run.
-- Limits: 个人负担 = 合规内个人自付 + 目录外自费，红冲已抵减。恰好等于标准即命中（“达到”）。外地未联网结算的看不到，因此只会少判。
--   只判农村户籍或建档的在世人口；门诊单月超过 500 元的口径不明，不判。
-- Tie-breaks: none (sums only).
WITH parameter AS (
  SELECT
    max(CASE WHEN parameter.code = 'MED_SELF_REG' THEN parameter.value END) AS registered_limit,
    max(CASE WHEN parameter.code = 'MED_SELF_ALL' THEN parameter.value END) AS other_limit
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
)
SELECT
  CAST(medical.person_key AS VARCHAR) AS subject,
  medical.person_key,
  member.household_id,
  member.village_code,
  CASE
    WHEN member.is_registered AND medical.inpatient_paid_yuan >= parameter.registered_limit THEN '命中'
    WHEN NOT member.is_registered AND medical.medical_paid_yuan >= parameter.other_limit THEN '命中'
    ELSE '未命中'
  END AS verdict,
  CASE WHEN member.is_registered THEN '建档人口住院个人负担过重' ELSE '农村人口医疗个人负担过重' END AS clue_reason,
  medical.medical_paid_yuan,
  medical.inpatient_paid_yuan,
  CASE WHEN member.is_registered THEN parameter.registered_limit ELSE parameter.other_limit END AS medical_limit_yuan
FROM core.medical_year AS medical
INNER JOIN core.member AS member ON member.person_key = medical.person_key
CROSS JOIN parameter
WHERE (member.is_rural OR member.is_registered) AND NOT member.is_deceased
