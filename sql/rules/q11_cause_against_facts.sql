-- Q11 致贫原因与家庭情况矛盾
-- 未脱贫户登记的主要致贫原因与家庭情况对不上：因病而全家健康，因残而没有人持残疾证，因学而没有高中以上在校生，缺劳力而劳动力不少。
-- 政策依据: 北委发〔2019〕5号 三(一)1 精准识别、因户施策；建档立卡数据质量核查项（致贫原因与家庭成员情况）。
-- Severity: 橙
-- Owner: 乡镇
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: household（未脱贫、预脱贫、返贫的建档立卡户）
-- Scope: household_id = subject
-- Parameters: CAUSE_LABOUR_MIN
-- Feeds: registry_household, registry_person, disability, education_enrollment
-- Undone by: registry_household, registry_person, disability, education_enrollment
-- Inputs: core.registry_household_now, core.member, core.registry_person_now, core.disability_now, core.schooling, ref.poverty_status, ref.parameter,
--   ref.run.
-- Limits: 已脱贫户的致贫原因说的是当年，不判。只看主要原因。健康为登记的“健康”，残疾、慢性病都不算健康；健康状况有空白而其余人都健康的无法判定。
--   持证 = 残联名单上没有注销的证，过期、冻结的也算。高中以上在校生取建档登记，没有的看学籍（高中、中职、高校在读）；在外地就读而登记没有写的看不到。
--   劳动力 = 技能劳动力、普通劳动力。已死亡的成员不算。名单上没有在世成员的户无法判定。
-- Tie-breaks: none (counts only).
WITH parameter AS (
  SELECT max(CASE WHEN parameter.code = 'CAUSE_LABOUR_MIN' THEN parameter.value END) AS labour_min
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
poor AS (
  SELECT household.household_id, household.person_key, household.village_code, household.main_cause_code
  FROM core.registry_household_now AS household
  INNER JOIN ref.poverty_status AS poverty_status ON poverty_status.poverty_status_code = household.poverty_status_code
  WHERE poverty_status.is_poor
),
certified AS (
  SELECT person_key
  FROM core.disability_now
  WHERE person_key IS NOT NULL AND status_code <> '3'
  GROUP BY person_key
),
counted AS (
  SELECT
    member.household_id,
    count(*) AS living_count,
    count(*) FILTER (WHERE listed.health_code <> '01') AS unhealthy_count,
    count(*) FILTER (WHERE listed.health_code IS NULL) AS health_unknown_count,
    count(*) FILTER (WHERE certified.person_key IS NOT NULL) AS certified_count,
    count(*) FILTER (
      WHERE coalesce(listed.student_status_code >= '07', FALSE) OR coalesce(schooling.is_enrolled AND schooling.stage_code IN ('4', '5', '8'), FALSE)
    ) AS senior_student_count,
    count(*) FILTER (WHERE listed.labour_code IN ('01', '02')) AS labour_count
  FROM poor
  INNER JOIN core.member AS member ON member.household_id = poor.household_id
  LEFT JOIN core.registry_person_now AS listed ON listed.person_id = member.person_id
  LEFT JOIN certified ON certified.person_key = member.person_key
  LEFT JOIN core.schooling AS schooling ON schooling.person_key = member.person_key
  WHERE member.is_registered AND NOT member.is_deceased
  GROUP BY member.household_id
),
compared AS (
  SELECT
    poor.*, counted.living_count, counted.unhealthy_count, counted.health_unknown_count, counted.certified_count,
    counted.senior_student_count, counted.labour_count,
    CASE
      WHEN poor.main_cause_code = '01' AND counted.unhealthy_count = 0 AND counted.health_unknown_count = 0 THEN '因病致贫，全家健康'
      WHEN poor.main_cause_code = '02' AND counted.certified_count = 0 THEN '因残致贫，没有人持残疾证'
      WHEN poor.main_cause_code = '03' AND counted.senior_student_count = 0 THEN '因学致贫，没有高中以上在校生'
      WHEN poor.main_cause_code = '08' AND counted.labour_count >= parameter.labour_min THEN '缺劳力致贫，劳动力不少'
    END AS clue_reason
  FROM poor
  CROSS JOIN parameter
  LEFT JOIN counted ON counted.household_id = poor.household_id
)
SELECT
  household_id AS subject,
  person_key,
  household_id,
  village_code,
  CASE
    WHEN clue_reason IS NOT NULL THEN '命中'
    WHEN main_cause_code IS NULL OR living_count IS NULL THEN '无法判定'
    WHEN main_cause_code = '01' AND unhealthy_count = 0 THEN '无法判定'
    ELSE '未命中'
  END AS verdict,
  clue_reason,
  main_cause_code,
  living_count AS listed_living_count,
  unhealthy_count,
  certified_count,
  senior_student_count,
  labour_count
FROM compared
