-- core.id_two_names
-- 一号多名：公安户籍名单和写明姓名、出生日期或性别的其他名单里，同一个证件号码下写着不同姓名的号码，以及是不是像两个人。
-- Grain: one row per person_key under which two of these lists state different names.
-- Scope: person_key
-- 政策依据: 《居民身份证法》一人一号；北委发〔2019〕5号 三(一)2 规范信息采集、整理。
-- Inputs: core.household_registration, core.registry_person, core.education_enrollment, core.education_case, core.death, core.identity_decision,
--   ref.run.
-- Limits: 用行里自己的号码，不用对接后的人：对接时分开的两个人在这里仍是一个号码。这里只有号码的键和比较结果，没有姓名、日期。姓名相同 = 去掉括注、
--   末尾数字和间隔号、统一常见异体字后相同，或用问号补得上，或三四个字里只差一个字、少一个字，或与曾用名相同。像两个人 = 姓名不同，而且出生日期或性别不同。工程师已认定是
--   同一人的不算。没有写号码、学籍号里也没有号码的行不在其中。同一名单内的重复不比。
-- Tie-breaks: none (flags only).
WITH listed AS (
  SELECT '建档立卡人口' AS list, list.person_key, list.name, list.birth_date, list.sex_code
  FROM core.registry_person AS list
  CROSS JOIN ref.run AS run
  WHERE
    list.recorded_to = TIMESTAMP '9999-12-31 00:00:00' AND list.valid_from <= run.as_of AND list.valid_to > run.as_of
    AND list.person_key IS NOT NULL AND coalesce(list.link_method, '') <> 'none' AND list.name IS NOT NULL
  UNION ALL
  SELECT '学籍' AS list, list.person_key, list.name, list.birth_date, list.sex_code
  FROM core.education_enrollment AS list
  CROSS JOIN ref.run AS run
  WHERE
    list.recorded_to = TIMESTAMP '9999-12-31 00:00:00' AND list.valid_from <= run.as_of AND list.valid_to > run.as_of
    AND list.person_key IS NOT NULL AND coalesce(list.link_method, '') <> 'none' AND list.name IS NOT NULL
  UNION ALL
  SELECT '教育台账' AS list, list.person_key, list.name, list.birth_date, CAST(NULL AS VARCHAR) AS sex_code
  FROM core.education_case AS list
  CROSS JOIN ref.run AS run
  WHERE
    list.recorded_to = TIMESTAMP '9999-12-31 00:00:00' AND list.valid_from <= run.as_of AND list.valid_to > run.as_of
    AND list.person_key IS NOT NULL AND coalesce(list.link_method, '') <> 'none' AND list.name IS NOT NULL
  UNION ALL
  -- Certificates of death bear no date of the data: they hold since whenever they came.
  SELECT '死亡证明' AS list, list.person_key, list.name, list.birth_date, list.sex_code
  FROM core.death AS list
  CROSS JOIN ref.run AS run
  WHERE
    list.recorded_to = TIMESTAMP '9999-12-31 00:00:00' AND list.valid_to > run.as_of
    AND list.person_key IS NOT NULL AND coalesce(list.link_method, '') <> 'none' AND list.name IS NOT NULL
),
known AS (
  SELECT person_key
  FROM listed
  GROUP BY person_key
),
stated AS (
  SELECT list, person_key, name, CAST(NULL AS VARCHAR) AS former_name, birth_date, CASE WHEN sex_code IN ('1', '2') THEN sex_code END AS sex_code
  FROM listed
  UNION ALL
  SELECT
    '户籍' AS list, register.person_key, register.name, register.former_name, register.birth_date,
    CASE WHEN register.sex_code IN ('1', '2') THEN register.sex_code END AS sex_code
  FROM core.household_registration AS register
  INNER JOIN known ON known.person_key = register.person_key
  CROSS JOIN ref.run AS run
  WHERE
    register.recorded_to = TIMESTAMP '9999-12-31 00:00:00' AND register.valid_from <= run.as_of AND register.valid_to > run.as_of
    AND register.name IS NOT NULL
),
-- A cheap sieve: nearly every number has one name, and only what is left is compared letter by letter.
several AS (
  SELECT person_key
  FROM stated
  GROUP BY person_key
  HAVING min(name) <> max(name)
),
tidied AS (
  SELECT
    stated.list, stated.person_key, stated.birth_date, stated.sex_code, stated.former_name, stated.name AS written,
    translate(regexp_replace(stated.name, '\([^)]*\)|（[^）]*）|[0-9]+$|[·•]', '', 'g'), '閆闫呂劉於?*', '阎阎吕刘于__') AS name
  FROM stated
  INNER JOIN several ON several.person_key = stated.person_key
),
pair AS (
  SELECT
    one.person_key,
    one.name = other.name OR one.name LIKE other.name OR other.name LIKE one.name
    OR coalesce(one.written = other.former_name, FALSE) OR coalesce(other.written = one.former_name, FALSE)
    OR (
      length(one.name) = length(other.name) AND length(one.name) IN (3, 4)
      AND CASE WHEN substr(one.name, 1, 1) = substr(other.name, 1, 1) THEN 1 ELSE 0 END
      + CASE WHEN substr(one.name, 2, 1) = substr(other.name, 2, 1) THEN 1 ELSE 0 END
      + CASE WHEN substr(one.name, 3, 1) = substr(other.name, 3, 1) THEN 1 ELSE 0 END
      + CASE WHEN substr(one.name, 4, 1) = substr(other.name, 4, 1) THEN 1 ELSE 0 END >= 3
    )
    OR (
      abs(length(one.name) - length(other.name)) = 1 AND length(one.name) >= 2 AND length(other.name) >= 2
      AND (
        contains(one.name, other.name) OR contains(other.name, one.name)
        OR (left(one.name, 1) = left(other.name, 1) AND right(one.name, 1) = right(other.name, 1))
      )
    ) AS is_same_name,
    coalesce(one.birth_date <> other.birth_date, FALSE) AS is_birth_different,
    coalesce(one.sex_code <> other.sex_code, FALSE) AS is_sex_different,
    one.list || '与' || other.list AS lists
  FROM tidied AS one
  INNER JOIN tidied AS other ON other.person_key = one.person_key
  WHERE one.list < other.list AND one.written <> other.written
),
settled AS (
  SELECT person_key
  FROM core.identity_decision
  WHERE kind = 'one_person' AND undone_at IS NULL
  GROUP BY person_key
)
SELECT
  pair.person_key,
  bool_or(NOT pair.is_same_name AND (pair.is_birth_different OR pair.is_sex_different)) AND max(settled.person_key) IS NULL AS is_two_people,
  bool_or(NOT pair.is_same_name AND pair.is_birth_different) AS is_birth_different,
  bool_or(NOT pair.is_same_name AND pair.is_sex_different) AS is_sex_different,
  max(settled.person_key) IS NOT NULL AS is_decided_one_person,
  string_agg(
    DISTINCT CASE WHEN NOT pair.is_same_name AND (pair.is_birth_different OR pair.is_sex_different) THEN pair.lists END, '；'
    ORDER BY CASE WHEN NOT pair.is_same_name AND (pair.is_birth_different OR pair.is_sex_different) THEN pair.lists END
  ) AS lists
FROM pair
LEFT JOIN settled ON settled.person_key = pair.person_key
GROUP BY pair.person_key
