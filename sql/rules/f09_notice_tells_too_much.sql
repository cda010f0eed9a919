-- F09 公示含敏感信息
-- 项目公示的内容里有证件号码、银行账号、电话号码、疾病，或者未成年人姓名的。
-- 政策依据: 国办《2018年政务公开工作要点》去标识化；政府信息公开条例；北委发〔2019〕5号 三(二)1 公告公示、四(六) 扶贫事务公开。
-- Severity: 红
-- Owner: fupinban
-- Version: 1，2018-01-01 至 9999-12-31
-- Subject: record（不按户，一条公示）
-- Parameters: MINOR_AGE
-- Feeds: project_disclosure, project_beneficiary, registry_person
-- Inputs: core.project_disclosure_now, core.project_benefit, core.member, core.registry_person_now, ref.sensitive_word, ref.parameter, ref.run.
-- Limits: 只看报送的公示内容；没有报送内容的无法判定。先去掉日期、空格和横线、全角数字折为半角，公示自己的项目编号除外；中间打星号的不算。疾病按词表和疾病编码。未成年人指本项目受益户里按运行日
--   不满规定年龄的成员，两个字以上的姓名原样出现在内容里；其他儿童的姓名认不出。平台自己的发布在发布前由检查程序拦下，不会成为线索。
-- Tie-breaks: none; one row per notice.
WITH parameter AS (
  SELECT max(CASE WHEN parameter.code = 'MINOR_AGE' THEN parameter.value END) AS minor_age
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
notice AS (
  SELECT
    project_no, notice_stage_code, notice_place_code, from_date, to_date, notice_content AS content,
    -- Dates would become one long number once the gaps are gone.
    translate(
      regexp_replace(
        translate(replace(notice_content, project_no, ''), '０１２３４５６７８９Ｘｘ－．', '0123456789Xx-.'), '(19|20)[0-9]{2}-[0-9]{1,2}-[0-9]{1,2}', '日', 'g'
      ),
      ' 　-', ''
    ) AS plain
  FROM core.project_disclosure_now
),
family AS (
  SELECT project_no, household_id
  FROM core.project_benefit
  WHERE household_id IS NOT NULL
  GROUP BY project_no, household_id
),
minor_name AS (
  SELECT family.project_no, person.name
  FROM family
  INNER JOIN core.registry_person_now AS person ON person.household_id = family.household_id
  INNER JOIN core.member AS member ON member.person_key = person.person_key
  CROSS JOIN parameter
  WHERE member.age < parameter.minor_age AND length(person.name) >= 2 AND NOT contains(person.name, '?')
  UNION
  SELECT benefit.project_no, benefit.name
  FROM core.project_benefit AS benefit
  INNER JOIN core.member AS member ON member.person_key = benefit.person_key
  CROSS JOIN parameter
  WHERE member.age < parameter.minor_age AND length(benefit.name) >= 2 AND NOT contains(benefit.name, '?')
),
minor AS (
  SELECT notice.project_no, notice.notice_stage_code, notice.notice_place_code, notice.from_date, count(*) AS minor_count
  FROM notice
  INNER JOIN minor_name ON minor_name.project_no = notice.project_no
  WHERE contains(notice.content, minor_name.name)
  GROUP BY notice.project_no, notice.notice_stage_code, notice.notice_place_code, notice.from_date
),
sick AS (
  SELECT notice.project_no, notice.notice_stage_code, notice.notice_place_code, notice.from_date, count(*) AS word_count
  FROM notice
  INNER JOIN ref.sensitive_word AS word ON contains(notice.content, word.sensitive_word)
  GROUP BY notice.project_no, notice.notice_stage_code, notice.notice_place_code, notice.from_date
),
judged AS (
  SELECT
    notice.project_no, notice.notice_stage_code, notice.notice_place_code, notice.from_date, notice.to_date, notice.content IS NULL AS is_unknown,
    coalesce(
      regexp_matches(notice.plain, '(^|[^0-9])[1-9][0-9]{5}(19|20)[0-9]{2}(0[1-9]|1[0-2])[0-3][0-9][0-9]{3}([0-9Xx]|[1-7][1-4])?')
      OR regexp_matches(notice.plain, '(^|[^0-9])[1-9][0-9]{7}(0[1-9]|1[0-2])[0-3][0-9][0-9]{3}([^0-9]|$)'), FALSE
    ) AS has_id,
    coalesce(regexp_matches(notice.plain, '(^|[^0-9])[0-9]{16,19}([^0-9]|$)'), FALSE) AS has_long_number,
    coalesce(regexp_matches(notice.plain, '(^|[^0-9])1[3-9][0-9]{9}([^0-9]|$)'), FALSE) AS has_phone,
    coalesce(sick.word_count > 0, FALSE) OR coalesce(regexp_matches(notice.plain, '(^|[^A-Za-z])[A-Z][0-9]{2}\.[0-9x]'), FALSE) AS has_disease,
    coalesce(minor.minor_count, 0) AS minor_count
  FROM notice
  LEFT JOIN minor
    ON minor.project_no = notice.project_no AND minor.notice_stage_code = notice.notice_stage_code
    AND minor.notice_place_code = notice.notice_place_code AND minor.from_date = notice.from_date
  LEFT JOIN sick
    ON sick.project_no = notice.project_no AND sick.notice_stage_code = notice.notice_stage_code
    AND sick.notice_place_code = notice.notice_place_code AND sick.from_date = notice.from_date
),
project_village AS (
  SELECT project_no, min(village_code) AS village_code
  FROM core.project_benefit
  GROUP BY project_no
  HAVING count(DISTINCT village_code) = 1
)
SELECT
  judged.project_no || '/' || judged.notice_stage_code || '/' || judged.notice_place_code || '/' || CAST(judged.from_date AS VARCHAR) AS subject,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS household_id,
  project_village.village_code,
  CASE
    WHEN judged.has_id OR judged.has_long_number OR judged.has_phone OR judged.has_disease OR judged.minor_count > 0 THEN '命中'
    WHEN judged.is_unknown THEN '无法判定'
    ELSE '未命中'
  END AS verdict,
  concat_ws(
    '、',
    CASE WHEN judged.has_id THEN '证件号码' WHEN judged.has_long_number THEN '银行账号' END,
    CASE WHEN judged.has_phone THEN '电话号码' END,
    CASE WHEN judged.has_disease THEN '疾病' END,
    CASE WHEN judged.minor_count > 0 THEN '未成年人姓名' END
  ) AS clue_basis,
  judged.notice_stage_code,
  judged.notice_place_code,
  judged.from_date AS notice_from_date,
  judged.to_date AS notice_to_date
FROM judged
LEFT JOIN project_village ON project_village.project_no = judged.project_no
