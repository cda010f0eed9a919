-- core.house
-- 住房：每一户（建档立卡户或户口簿户）现住房最近一次鉴定等级，鉴定以后有没有完成改造或另行安置，有没有别的安全住房，D 级户安排到了哪一步。
-- Grain: one row per family_key with an assessment report or a renovation.
-- Scope: family_key
-- 政策依据: 北委发〔2019〕5号 二(一)4 “D级危房翻建、无房新建…逐户解决”；国家脱贫攻坚普查公报（现住房鉴定安全、危改、搬迁）。
-- Inputs: core.housing_assessment_now, core.renovation, core.household_link, core.member, core.registry_household_now.
-- Limits: 报告按户主或任一家庭成员的证件号码归户（户主不在成员名单上也归该户），没有证件号码的按村和户主姓名归到建档户；改造归户见 core.renovation。村集体公房没有业主，归不了户。
--   D 级户：自住（或未注明）的房屋曾评为 D 级，或改造前等级为 D 级。arrangement 以最近一次 D 级鉴定之后的改造为准，恰在下列五种之一，其他户为空：
--   已竣工入住、施工（含竣工未入住）、已列计划、其他安置（置换、租赁、公租、幸福大院已安排，或现住房、另一处住房为 A、B 级）、未安排。
-- Tie-breaks: 自住（或未注明）的优先，再取鉴定日期最晚、报告号最大的一份为现住房。改造的各个日期取最晚的一次。
WITH head AS (
  SELECT person_key, min('R' || household_id) AS family_key
  FROM core.registry_household_now
  WHERE person_key IS NOT NULL
  GROUP BY person_key
),
assessed AS (
  SELECT
    CASE WHEN member.is_registered THEN member.family_key ELSE coalesce(head.family_key, member.family_key) END AS family_key,
    assessment.report_no, assessment.grade_code, assessment.assessed_date, assessment.occupancy_code, assessment.is_only_house
  FROM core.housing_assessment_now AS assessment
  LEFT JOIN core.member AS member ON member.person_key = assessment.person_key
  LEFT JOIN head ON head.person_key = assessment.person_key
  WHERE coalesce(member.family_key, head.family_key) IS NOT NULL
  UNION ALL
  SELECT
    'R' || link.household_id AS family_key, assessment.report_no, assessment.grade_code, assessment.assessed_date, assessment.occupancy_code,
    assessment.is_only_house
  FROM core.housing_assessment_now AS assessment
  INNER JOIN core.household_link AS link ON link.record_key = assessment.report_no AND link.feed = 'housing_assessment'
  WHERE assessment.person_key IS NULL
),
ranked AS (
  SELECT
    assessed.family_key, assessed.report_no, assessed.grade_code, assessed.assessed_date, assessed.occupancy_code, assessed.is_only_house,
    row_number() OVER (
      PARTITION BY assessed.family_key
      ORDER BY CASE WHEN coalesce(assessed.occupancy_code, '1') = '1' THEN 0 ELSE 1 END, assessed.assessed_date DESC NULLS LAST, assessed.report_no DESC
    ) AS choice
  FROM assessed
),
house AS (
  SELECT
    family_key,
    max(CASE WHEN choice = 1 THEN report_no END) AS report_no,
    max(CASE WHEN choice = 1 THEN grade_code END) AS grade_code,
    max(CASE WHEN choice = 1 THEN assessed_date END) AS assessed_date,
    max(CASE WHEN choice = 1 THEN coalesce(occupancy_code, '1') END) AS occupancy_code,
    max(CASE WHEN choice = 1 THEN CAST(is_only_house AS INTEGER) END) AS only_house,
    max(CASE WHEN grade_code = 'D' AND coalesce(occupancy_code, '1') = '1' THEN assessed_date END) AS d_assessed_date,
    -- An older report on the house that they live in tells of its past, not of another house.
    count(CASE WHEN choice > 1 AND grade_code IN ('A', 'B') AND coalesce(occupancy_code, '1') <> '1' THEN 1 END) AS safe_count
  FROM ranked
  GROUP BY family_key
),
since AS (
  SELECT
    work.family_key, work.renovation_year, work.grade_code, work.started_date, work.completed_date, work.moved_in_date, work.is_elsewhere,
    -- A later report on a house that is lived in says more than a date of moving in that nobody filled in.
    work.must_move_in AND NOT coalesce(house.occupancy_code = '1' AND house.assessed_date > work.completed_date, FALSE) AS must_move_in,
    coalesce(work.completed_date >= house.assessed_date, FALSE) AS is_after_report,
    coalesce(coalesce(work.moved_in_date, work.accepted_date, work.completed_date) >= house.assessed_date, FALSE) AS is_rehoused_after_report,
    coalesce(coalesce(work.moved_in_date, work.accepted_date, work.completed_date) >= house.d_assessed_date, house.d_assessed_date IS NULL)
    AND coalesce(work.moved_in_date, work.accepted_date, work.completed_date) IS NOT NULL AS is_rehoused_after_d,
    work.completed_date IS NOT NULL AND coalesce(work.completed_date >= house.d_assessed_date, TRUE) AS is_completed_after_d
  FROM core.renovation AS work
  LEFT JOIN house ON house.family_key = work.family_key
),
renovated AS (
  SELECT
    family_key,
    max(completed_date) AS completed_date,
    max(started_date) AS started_date,
    max(moved_in_date) AS moved_in_date,
    max(renovation_year) AS renovation_year,
    count(*) AS renovation_count,
    max(CASE WHEN must_move_in AND moved_in_date IS NULL THEN completed_date END) AS empty_since_date,
    max(CASE WHEN is_after_report THEN 1 ELSE 0 END) = 1 AS is_rebuilt_since,
    max(CASE WHEN is_elsewhere AND is_rehoused_after_report THEN 1 ELSE 0 END) = 1 AS is_rehoused_since,
    max(CASE WHEN grade_code = 'D' THEN 1 ELSE 0 END) = 1 AS was_d,
    max(CASE WHEN NOT is_elsewhere AND is_completed_after_d THEN 1 ELSE 0 END) = 1 AS is_completed,
    max(CASE WHEN NOT is_elsewhere AND is_completed_after_d AND moved_in_date IS NOT NULL THEN 1 ELSE 0 END) = 1 AS is_moved_in,
    max(CASE WHEN is_elsewhere AND is_rehoused_after_d THEN 1 ELSE 0 END) = 1 AS is_rehoused,
    max(CASE WHEN completed_date IS NULL AND started_date IS NOT NULL AND moved_in_date IS NULL THEN 1 ELSE 0 END) = 1 AS is_begun,
    max(CASE WHEN completed_date IS NULL AND started_date IS NULL AND moved_in_date IS NULL THEN 1 ELSE 0 END) = 1 AS is_planned
  FROM since
  GROUP BY family_key
),
family AS (
  SELECT family_key FROM house
  UNION
  SELECT family_key FROM renovated
)
SELECT
  family.family_key,
  house.report_no,
  house.grade_code,
  house.assessed_date,
  house.occupancy_code = '1' AS is_lived_in,
  house.only_house = 1 AS is_only_house,
  coalesce(house.safe_count, 0) AS other_safe_count,
  renovated.renovation_year,
  renovated.started_date,
  renovated.completed_date,
  renovated.moved_in_date,
  renovated.empty_since_date,
  coalesce(renovated.renovation_count, 0) AS renovation_count,
  coalesce(renovated.is_rebuilt_since, FALSE) AS is_rebuilt_since,
  coalesce(renovated.is_rehoused_since, FALSE) AS is_rehoused_since,
  house.d_assessed_date IS NOT NULL OR coalesce(renovated.was_d, FALSE) AS is_d_family,
  CASE
    WHEN house.d_assessed_date IS NULL AND NOT coalesce(renovated.was_d, FALSE) THEN NULL
    WHEN renovated.is_moved_in THEN '已竣工入住'
    -- The newest report says that the house they live in is safe again, and a renovation made it so.
    WHEN renovated.is_completed AND house.grade_code IN ('A', 'B') AND house.occupancy_code = '1' THEN '已竣工入住'
    WHEN renovated.is_rehoused OR house.safe_count > 0 OR house.grade_code IN ('A', 'B') THEN '其他安置'
    WHEN renovated.is_completed OR renovated.is_begun THEN '施工'
    WHEN renovated.is_planned THEN '已列计划'
    ELSE '未安排'
  END AS arrangement
FROM family
LEFT JOIN house ON house.family_key = family.family_key
LEFT JOIN renovated ON renovated.family_key = family.family_key
