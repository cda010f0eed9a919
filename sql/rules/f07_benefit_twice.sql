-- F07 重复享受
-- 同一户同一年在两个同类项目里得到资金或实物，或者十年内两次危房改造的。
-- 政策依据: 北委发〔2019〕5号 三(二)1；农村危房改造补助资金管理办法：不得重复享受；年数为工作口径，待核准。
-- Severity: 橙
-- Owner: fupinban
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: household（建档立卡共同生活户）
-- Scope: household_id = subject
-- Parameters: RENOVATION_YEARS
-- Feeds: project, project_beneficiary, registry_household, registry_person
-- May use: housing_renovation
-- Inputs: core.project_benefit, core.project_check, core.housing_renovation_now, core.member, core.registry_household_now, ref.feed_state, ref.parameter, ref.run.
-- Limits: 判得到过项目资金、实物或危房改造的建档户。年按受益日期；同一项目分期发放不算两次，分红、岗位、设施不算。危房改造台账没有到的，只判项目，没有疑点的无法判定。两次改造相隔
--   恰好十年不算。
-- Tie-breaks: none (counts only).
WITH parameter AS (
  SELECT max(CASE WHEN parameter.code = 'RENOVATION_YEARS' THEN parameter.value END) AS renovation_years
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
feed AS (
  SELECT coalesce(bool_or(feed = 'housing_renovation'), FALSE) AS has_renovation
  FROM ref.feed_state
  WHERE is_present AND NOT is_stale
),
yearly AS (
  SELECT
    benefit.household_id, project.project_class_code, extract(YEAR FROM benefit.benefit_date) AS benefit_year,
    count(DISTINCT benefit.project_no) AS project_count
  FROM core.project_benefit AS benefit
  INNER JOIN core.project_check AS project ON project.project_no = benefit.project_no
  WHERE benefit.benefit_way_code IN ('1', '2') AND benefit.household_id IS NOT NULL
  GROUP BY benefit.household_id, project.project_class_code, extract(YEAR FROM benefit.benefit_date)
),
project_share AS (
  SELECT household_id, max(project_count) AS project_count
  FROM yearly
  GROUP BY household_id
),
renovated AS (
  SELECT coalesce(member.household_id, renovation.household_id) AS household_id, renovation.year, renovation.archive_no
  FROM core.housing_renovation_now AS renovation
  LEFT JOIN core.member AS member ON member.person_key = renovation.person_key
),
spaced AS (
  SELECT household_id, year - lag(year) OVER (PARTITION BY household_id ORDER BY year, archive_no) AS gap_years
  FROM renovated
  WHERE household_id IS NOT NULL AND year IS NOT NULL
),
renovation AS (
  SELECT household_id, min(gap_years) AS gap_years
  FROM spaced
  GROUP BY household_id
),
judged AS (
  SELECT
    coalesce(project_share.household_id, renovation.household_id) AS household_id, project_share.project_count, renovation.gap_years,
    coalesce(project_share.project_count >= 2, FALSE) AS is_twice
  FROM project_share
  FULL JOIN renovation ON renovation.household_id = project_share.household_id
)
SELECT
  judged.household_id AS subject,
  household.person_key,
  judged.household_id,
  household.village_code,
  CASE
    WHEN judged.is_twice OR coalesce(judged.gap_years < parameter.renovation_years, FALSE) THEN '命中'
    WHEN NOT feed.has_renovation THEN '无法判定'
    ELSE '未命中'
  END AS verdict,
  concat_ws(
    '、',
    CASE WHEN judged.is_twice THEN '同年同类项目两次' END,
    CASE WHEN judged.gap_years < parameter.renovation_years THEN '危房改造两次' END
  ) AS clue_basis,
  judged.project_count AS same_class_project_count,
  judged.gap_years AS renovation_gap_years
FROM judged
INNER JOIN core.registry_household_now AS household ON household.household_id = judged.household_id
CROSS JOIN feed
CROSS JOIN parameter
