-- core.renovation
-- 危房改造归到户：每一份改造档案属于哪一户，改造在本处还是另行安置，档案是否齐全。
-- Grain: one row per archive_no whose household is known.
-- Scope: family_key
-- 政策依据: 北委发〔2019〕5号 二(一)4 “一户一档…四级档案留存，全程公开公示”；建村〔2017〕192号。
-- Inputs: core.housing_renovation_now, core.household_link, core.member, core.registry_household_now.
-- Limits: 先按户主证件号码，再按档案上的户编号，再按村和户主姓名归户。档案齐全指改造前等级、公示日期、改造前照片都有，已开工的有改造中照片，已竣工的有改造后照片和验收日期。
-- Tie-breaks: none; an archive belongs to one household.
WITH linked AS (
  SELECT record_key, household_id
  FROM core.household_link
  WHERE feed = 'housing_renovation'
),
head AS (
  SELECT person_key, min(household_id) AS household_id
  FROM core.registry_household_now
  WHERE person_key IS NOT NULL
  GROUP BY person_key
),
work AS (
  SELECT
    renovation.*,
    CASE
      WHEN member.is_registered THEN member.family_key
      ELSE coalesce('R' || head.household_id, member.family_key, 'R' || renovation.household_id, 'R' || linked.household_id)
    END AS family_key
  FROM core.housing_renovation_now AS renovation
  LEFT JOIN core.member AS member ON member.person_key = renovation.person_key
  LEFT JOIN head ON head.person_key = renovation.person_key
  LEFT JOIN linked ON linked.record_key = renovation.archive_no
)
SELECT
  renovation.archive_no,
  renovation.family_key,
  renovation.year AS renovation_year,
  renovation.grade_code,
  renovation.renovation_way_code,
  coalesce(renovation.renovation_way_code, '9') IN ('3', '4', '5', '6') AS is_elsewhere,
  coalesce(renovation.renovation_way_code, '9') <> '2' AS must_move_in,
  renovation.started_date,
  renovation.completed_date,
  renovation.accepted_date,
  renovation.moved_in_date,
  renovation.subsidy_total_yuan,
  renovation.self_raised_yuan,
  renovation.grade_code IS NOT NULL AND renovation.disclosed_date IS NOT NULL AND coalesce(renovation.has_photo_before, FALSE)
  AND (renovation.started_date IS NULL OR coalesce(renovation.has_photo_during, FALSE))
  AND (renovation.completed_date IS NULL OR coalesce(renovation.has_photo_after, FALSE) AND renovation.accepted_date IS NOT NULL)
    AS is_archive_complete
FROM work AS renovation
WHERE renovation.family_key IS NOT NULL
