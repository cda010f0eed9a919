-- N02 建档失能户未纳入低保
-- 贫困户的成年人都没有劳动能力或都是一二级残疾，全家没有低保也没有特困供养的。
-- 政策依据: 北委发〔2019〕5号 二(一)5 “完全或部分丧失劳动能力的贫困人口…兜底保障”。
-- Severity: 红
-- Owner: minzheng
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: household（建档立卡共同生活户）
-- Scope: household_id = subject
-- Parameters: PENSION_JOIN_AGE
-- Feeds: registry_household, registry_person, subsistence_allowance, special_hardship, disability
-- Undone by: registry_household, registry_person, subsistence_allowance, special_hardship
-- Inputs: core.registry_household_now, core.registry_person_now, core.member, core.disability_now, core.subsistence_allowance_now,
--   core.special_hardship_now, ref.poverty_status, ref.parameter, ref.run.
-- Limits: 只判未脱贫、预脱贫、返贫户。失能 = 劳动技能为丧失劳动力、无劳动力，或持有效一二级残疾证；16 岁以上在校生登记为无劳动力的也是。
--   没有成年人的户同样命中。有成年人的劳动技能未登记、又没有已知有劳动能力的，无法判定。任何一名成员在保即为已纳入。死亡成员不算。
-- Tie-breaks: none (counts only).
WITH parameter AS (
  SELECT max(CASE WHEN parameter.code = 'PENSION_JOIN_AGE' THEN parameter.value END) AS adult_age
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
poor AS (
  SELECT household.household_id, household.person_key, household.village_code
  FROM core.registry_household_now AS household
  INNER JOIN ref.poverty_status AS poverty_status ON poverty_status.poverty_status_code = household.poverty_status_code
  WHERE poverty_status.is_poor
),
severe AS (
  SELECT person_key
  FROM core.disability_now
  WHERE status_code = '1' AND disability_grade_code IN ('1', '2')
  GROUP BY person_key
),
supported AS (
  SELECT person_key FROM core.subsistence_allowance_now WHERE benefit_stop_month IS NULL
  UNION
  SELECT person_key FROM core.special_hardship_now WHERE benefit_stop_month IS NULL
),
people AS (
  SELECT
    poor.household_id,
    count(*) AS living_count,
    count(*) FILTER (WHERE coalesce(member.age, parameter.adult_age) >= parameter.adult_age) AS adult_count,
    count(*) FILTER (
      WHERE coalesce(member.age, parameter.adult_age) >= parameter.adult_age
      AND severe.person_key IS NULL AND listed.labour_code IN ('01', '02', '05')
    ) AS able_count,
    count(*) FILTER (
      WHERE coalesce(member.age, parameter.adult_age) >= parameter.adult_age AND severe.person_key IS NULL
      AND (listed.labour_code IS NULL OR member.age IS NULL)
    ) AS unsure_count,
    count(*) FILTER (WHERE supported.person_key IS NOT NULL) AS supported_count
  FROM poor
  INNER JOIN core.member AS member ON member.household_id = poor.household_id
  CROSS JOIN parameter
  LEFT JOIN core.registry_person_now AS listed ON listed.person_id = member.person_id
  LEFT JOIN severe ON severe.person_key = member.person_key
  LEFT JOIN supported ON supported.person_key = member.person_key
  WHERE NOT member.is_deceased
  GROUP BY poor.household_id
)
SELECT
  poor.household_id AS subject,
  poor.person_key,
  poor.household_id,
  poor.village_code,
  CASE
    WHEN people.supported_count > 0 OR people.able_count > 0 THEN '未命中'
    WHEN people.unsure_count > 0 THEN '无法判定'
    ELSE '命中'
  END AS verdict,
  '全户没有劳动能力，没有低保和特困供养' AS clue_reason,
  people.adult_count,
  people.able_count,
  people.living_count
FROM poor
INNER JOIN people ON people.household_id = poor.household_id
