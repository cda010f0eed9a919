-- F08 受益户非建档、人数虚报
-- 到户钱物的受益名单上有不是建档立卡户的人，同一户列了两人，或者完工后名单上的建档户少于上报的受益贫困户数的。
-- 政策依据: 北委发〔2019〕5号 三(二)1“到户到人的资金落到实处”、四(六) 虚报冒领。
-- Severity: 橙
-- Owner: fupinban
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: project（不按户）
-- Parameters: none
-- Feeds: project, project_beneficiary, registry_household, registry_person
-- Undone by: project_beneficiary, registry_household, registry_person
-- Inputs: core.project_benefit, core.project_check.
-- Limits: 判有到户钱物（资金、实物、分红）名单的项目；岗位、设施的受益人不限于建档户。以前在册、现在移出的不算非建档。同一户同一天同一方式列了两人以上的算重复。上报户数只在
--   完工、验收、移交后与整个名单比较，名单多于上报的不算。
-- Tie-breaks: none (counts only).
WITH per_household AS (
  SELECT project_no, household_id, benefit_way_code, benefit_date, count(DISTINCT person_key) - 1 AS extra_count
  FROM core.project_benefit
  WHERE is_household_good AND household_id IS NOT NULL
  GROUP BY project_no, household_id, benefit_way_code, benefit_date
),
repeated AS (
  SELECT project_no, sum(extra_count) AS repeated_count
  FROM per_household
  GROUP BY project_no
),
listed AS (
  SELECT
    project_no,
    count(*) FILTER (WHERE is_household_good) AS good_count,
    count(DISTINCT CASE WHEN is_household_good THEN person_key END) AS listed_person_count,
    count(DISTINCT household_id) AS listed_household_count,
    count(DISTINCT CASE WHEN is_household_good AND NOT is_registered AND NOT was_registered THEN person_key END) AS outside_count
  FROM core.project_benefit
  GROUP BY project_no
),
judged AS (
  SELECT
    listed.project_no, project.village_code, project.project_class_code, project.project_status_code, project.benefit_poor_household_count,
    listed.listed_person_count, listed.listed_household_count, listed.outside_count, coalesce(repeated.repeated_count, 0) AS repeated_count,
    coalesce(project.project_status_code IN ('4', '5', '6') AND listed.listed_household_count < project.benefit_poor_household_count, FALSE) AS is_inflated
  FROM listed
  INNER JOIN core.project_check AS project ON project.project_no = listed.project_no
  LEFT JOIN repeated ON repeated.project_no = listed.project_no
  WHERE listed.good_count > 0
)
SELECT
  project_no AS subject,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS household_id,
  village_code,
  CASE WHEN outside_count > 0 OR repeated_count > 0 OR is_inflated THEN '命中' ELSE '未命中' END AS verdict,
  concat_ws(
    '、',
    CASE WHEN outside_count > 0 THEN '名单上有非建档户' END,
    CASE WHEN repeated_count > 0 THEN '同一户重复列名' END,
    CASE WHEN is_inflated THEN '受益贫困户数虚报' END
  ) AS clue_basis,
  listed_person_count,
  listed_household_count,
  outside_count AS outside_person_count,
  CAST(repeated_count AS BIGINT) AS repeated_person_count,
  benefit_poor_household_count AS stated_poor_household_count
FROM judged
