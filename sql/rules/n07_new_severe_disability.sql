-- N07 新发重残
-- 近三个月新领一级、二级残疾证的农村人口，全户没有建档，也没有低保和特困供养的。
-- 政策依据: 北委发〔2019〕5号 二(三) 残疾人脱贫；国开发〔2020〕6号 因残致贫的及时预警。
-- Severity: 橙
-- Owner: 乡镇
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: person（残疾人本人，以户口簿户看低保）
-- Scope: person_key
-- Parameters: NEW_CERT_MONTHS
-- Feeds: disability, household_registration, registry_person, subsistence_allowance, special_hardship
-- Undone by: registry_person, subsistence_allowance, special_hardship
-- Inputs: core.disability, core.member, core.subsistence_allowance_now, core.special_hardship_now, ref.parameter, ref.run.
-- Limits: 新领 = 此人最早一张一、二级证（含已注销、过期、曾在名册上的）发于近 NEW_CERT_MONTHS 个月；换发、补发不算，三四级升为一二级算。
--   户口簿上有人建档的不命中（本人应由 N09 查）。发证日期不详的无法判定。
-- Tie-breaks: none (smallest dates and counts only).
WITH parameter AS (
  SELECT max(CASE WHEN parameter.code = 'NEW_CERT_MONTHS' THEN parameter.value END) AS months
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
certificate AS (
  SELECT
    person_key,
    min(certified_date) AS first_certified_date,
    min(disability_grade_code) AS disability_grade_code,
    count(*) FILTER (WHERE certified_date IS NULL) AS undated_count,
    count(*) FILTER (WHERE valid_to = DATE '9999-12-31' AND status_code = '1') AS valid_count
  FROM core.disability
  WHERE recorded_to = TIMESTAMP '9999-12-31 00:00:00' AND disability_grade_code IN ('1', '2') AND person_key IS NOT NULL
  GROUP BY person_key
),
supported AS (
  SELECT member.family_key, count(*) AS supported_count
  FROM (
    SELECT person_key FROM core.subsistence_allowance_now WHERE benefit_stop_month IS NULL
    UNION
    SELECT person_key FROM core.special_hardship_now WHERE benefit_stop_month IS NULL
  ) AS benefit
  INNER JOIN core.member AS member ON member.person_key = benefit.person_key
  GROUP BY member.family_key
)
SELECT
  CAST(certificate.person_key AS VARCHAR) AS subject,
  certificate.person_key,
  CAST(NULL AS VARCHAR) AS household_id,
  member.village_code,
  CASE
    WHEN member.has_registered_kin OR supported.supported_count > 0 THEN '未命中'
    WHEN
      12 * (extract(YEAR FROM run.as_of) - extract(YEAR FROM certificate.first_certified_date))
      + extract(MONTH FROM run.as_of) - extract(MONTH FROM certificate.first_certified_date)
      - CASE WHEN extract(DAY FROM run.as_of) < extract(DAY FROM certificate.first_certified_date) THEN 1 ELSE 0 END
      >= parameter.months THEN '未命中'
    WHEN certificate.undated_count > 0 OR certificate.first_certified_date IS NULL THEN '无法判定'
    ELSE '命中'
  END AS verdict,
  '新发重度残疾，全户没有建档和低保' AS clue_reason,
  certificate.disability_grade_code,
  certificate.first_certified_date
FROM certificate
INNER JOIN core.member AS member ON member.person_key = certificate.person_key
CROSS JOIN parameter
CROSS JOIN ref.run
LEFT JOIN supported ON supported.family_key = member.family_key
WHERE certificate.valid_count > 0 AND NOT member.is_registered AND member.is_rural AND member.is_on_register
