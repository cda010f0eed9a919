-- G09 大病未专项救治、慢病未签约
-- 建档立卡人口确诊大病九十天后仍没有救治，或确诊慢病九十天后仍没有签约家庭医生的。
-- 政策依据: 国卫财务发〔2017〕19号 健康扶贫“三个一批”；北委发〔2019〕5号 二(一)3。
-- Severity: 黄
-- Owner: weijian
-- Version: 1，2016-01-01 至 9999-12-31
-- Subject: person（户内成员，按人判断）
-- Scope: person_key
-- Parameters: TREAT_DAYS
-- Feeds: disease, registry_person, registry_household, household_registration
-- Undone by: disease
-- Inputs: core.disease_now, core.member, ref.parameter, ref.run.
-- Limits: 恰好满 90 天的还在期限内。放弃治疗的算没有救治，须核查原因；已转慢病管理的算救治；死亡的不算。确诊日期、救治状态或是否签约没有填的无法判定。
--   其他疾病不看。确诊日期只到月的按当月 1 日计。
-- Tie-breaks: 一人几种病，有一种命中即命中；证据取确诊最早、再按类别代码最小的一种。
WITH parameter AS (
  SELECT max(CASE WHEN parameter.code = 'TREAT_DAYS' THEN parameter.value END) AS treat_days
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
ill AS (
  SELECT
    disease.person_key, disease.disease, disease.disease_kind_code, disease.diagnosed_date,
    date_diff('day', disease.diagnosed_date, run.as_of) AS unmet_days,
    CASE
      WHEN disease.disease_kind_code = '1' THEN disease.treatment_code IN ('1', '2', '3')
      ELSE disease.is_contracted
    END AS is_met,
    parameter.treat_days
  FROM core.disease_now AS disease
  CROSS JOIN ref.run AS run
  CROSS JOIN parameter
  WHERE disease.disease_kind_code IN ('1', '2') AND coalesce(disease.treatment_code, '0') <> '5' AND disease.person_key IS NOT NULL
),
judged AS (
  SELECT
    person_key, disease, disease_kind_code, diagnosed_date, unmet_days,
    CASE
      WHEN is_met THEN 2
      WHEN unmet_days <= treat_days THEN 2
      WHEN is_met IS NULL OR unmet_days IS NULL THEN 1
      ELSE 0
    END AS finding
  FROM ill
),
ranked AS (
  SELECT
    person_key, disease_kind_code, diagnosed_date, unmet_days, finding,
    row_number() OVER (PARTITION BY person_key ORDER BY finding, diagnosed_date NULLS LAST, disease_kind_code, disease) AS choice
  FROM judged
),
summed AS (
  SELECT person_key, count(CASE WHEN finding = 0 THEN 1 END) AS unmet_count
  FROM judged
  GROUP BY person_key
)
SELECT
  CAST(member.person_key AS VARCHAR) AS subject,
  member.person_key,
  member.household_id,
  member.village_code,
  CASE ranked.finding WHEN 0 THEN '命中' WHEN 1 THEN '无法判定' ELSE '未命中' END AS verdict,
  ranked.disease_kind_code,
  ranked.diagnosed_date,
  ranked.unmet_days,
  summed.unmet_count
FROM ranked
INNER JOIN summed ON summed.person_key = ranked.person_key
INNER JOIN core.member AS member ON member.person_key = ranked.person_key
WHERE ranked.choice = 1 AND member.is_registered AND NOT member.is_deceased
