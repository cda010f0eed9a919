-- P07 残疾证过期、等级不符
-- 残疾人证有效期已过而没有换发，或者证号末位所示等级与登记的残疾等级不同的。
-- 政策依据: 《残疾人证管理办法》；北委发〔2019〕5号 二(三)。
-- Severity: 黄
-- Owner: canlian
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: person（持有没有注销、冻结的残疾人证的人）
-- Scope: person_key
-- Parameters: none
-- Feeds: disability
-- Undone by: disability
-- Inputs: core.disability_now, core.certificate_mark, core.deceased, ref.run.
-- Limits: 一人几本证的只看最新的一本，旧证过期不算。有效期当日仍有效。有效期没有填的只能比等级，等级相符的无法判定。换发证后缀不影响。死亡人员不判。
-- Tie-breaks: 取发证日期最晚、有效期最晚、证号键最小的一本。
WITH ranked AS (
  SELECT
    card.person_key, card.disability_cert_key, card.disability_grade_code, card.certificate_expiry_date, card.status_code,
    row_number() OVER (
      PARTITION BY card.person_key
      ORDER BY card.certified_date DESC NULLS LAST, card.certificate_expiry_date DESC NULLS LAST, card.disability_cert_key
    ) AS choice
  FROM core.disability_now AS card
  WHERE card.person_key IS NOT NULL AND card.status_code IN ('1', '4')
),
judged AS (
  SELECT
    ranked.person_key,
    ranked.disability_grade_code,
    mark.marked_grade_code,
    ranked.certificate_expiry_date,
    ranked.status_code = '4' OR coalesce(ranked.certificate_expiry_date < run.as_of, FALSE) AS is_expired,
    coalesce(mark.marked_grade_code <> ranked.disability_grade_code, FALSE) AS is_other_grade
  FROM ranked
  CROSS JOIN ref.run AS run
  LEFT JOIN core.certificate_mark AS mark ON mark.disability_cert_key = ranked.disability_cert_key
  LEFT JOIN core.deceased AS deceased ON deceased.person_key = ranked.person_key
  WHERE ranked.choice = 1 AND deceased.person_key IS NULL
)
SELECT
  CAST(judged.person_key AS VARCHAR) AS subject,
  judged.person_key,
  member.household_id,
  member.village_code,
  CASE
    WHEN judged.is_expired OR judged.is_other_grade THEN '命中'
    WHEN judged.certificate_expiry_date IS NULL THEN '无法判定'
    ELSE '未命中'
  END AS verdict,
  CASE WHEN judged.is_expired THEN '残疾人证已过期' ELSE '证号所示等级与登记等级不同' END AS clue_reason,
  judged.certificate_expiry_date,
  judged.disability_grade_code,
  judged.marked_grade_code
FROM judged
LEFT JOIN core.member AS member ON member.person_key = judged.person_key
