-- core.house
-- 住房：有鉴定报告的每一户（建档立卡户或户口簿户），现住房最近一次鉴定等级，鉴定以后有没有完成改造，有没有别的安全住房。
-- Grain: one row per family_key with an assessment report.
-- 政策依据: 北委发〔2019〕5号 二(一)4 危房改造；国家脱贫攻坚普查公报（现住房鉴定安全、危改、搬迁）。
-- Inputs: core.housing_assessment_now, core.housing_renovation_now, core.household_link, core.member.
-- Limits: 报告按户主或任一家庭成员的证件号码归户，没有证件号码的按村和户主姓名归到建档户。村集体公房没有业主，归不了户。
-- Tie-breaks: 自住（或未注明）的优先，再取鉴定日期最晚、报告号最大的一份为现住房；改造取竣工日期最晚的一次。
WITH assessed AS (
  SELECT
    member.family_key, assessment.report_no, assessment.grade_code, assessment.assessed_date, assessment.occupancy_code, assessment.is_only_house
  FROM core.housing_assessment_now AS assessment
  INNER JOIN core.member AS member ON member.person_key = assessment.person_key
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
renovated AS (
  SELECT
    coalesce(member.family_key, 'R' || renovation.household_id) AS family_key,
    max(renovation.completed_date) AS completed_date,
    max(renovation.started_date) AS started_date,
    max(renovation.moved_in_date) AS moved_in_date,
    max(renovation.year) AS renovation_year,
    count(*) AS renovation_count
  FROM core.housing_renovation_now AS renovation
  LEFT JOIN core.member AS member ON member.person_key = renovation.person_key
  GROUP BY coalesce(member.family_key, 'R' || renovation.household_id)
),
other AS (
  SELECT family_key, count(*) AS safe_count
  FROM ranked
  WHERE choice > 1 AND grade_code IN ('A', 'B')
  GROUP BY family_key
)
SELECT
  house.family_key,
  house.report_no,
  house.grade_code,
  house.assessed_date,
  coalesce(house.occupancy_code, '1') = '1' AS is_lived_in,
  house.is_only_house,
  coalesce(other.safe_count, 0) AS other_safe_count,
  renovated.renovation_year,
  renovated.started_date,
  renovated.completed_date,
  renovated.moved_in_date,
  coalesce(renovated.renovation_count, 0) AS renovation_count,
  coalesce(renovated.completed_date >= house.assessed_date, FALSE) AS is_rebuilt_since
FROM ranked AS house
LEFT JOIN renovated ON renovated.family_key = house.family_key
LEFT JOIN other ON other.family_key = house.family_key
WHERE house.choice = 1
