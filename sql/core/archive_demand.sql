-- core.archive_demand
-- 档案要求逐年展开：每年要一份的，每个已过完的年度一行；一次、每次的一行，年度看事由。
-- Grain: one row per row of ref.archive_requirement and, where one is due every year, year that is over.
-- 政策依据: 北委发〔2019〕5号 二(一)4 “一户一档…县乡村户四级档案留存”；三(一)4 “档案资料”。
-- Inputs: ref.archive_requirement, ref.workday, ref.run.
-- Limits: 规定以自然年为准：开始、结束那一年都算。
-- Tie-breaks: none.
WITH requirement AS (
  SELECT
    archive_level_code, archive_type_code, archive_applies_to, archive_frequency,
    CAST(extract(YEAR FROM valid_from) AS BIGINT) AS first_year,
    CAST(extract(YEAR FROM valid_to - 1) AS BIGINT) AS last_year
  FROM ref.archive_requirement
),
past_year AS (
  SELECT CAST(extract(YEAR FROM workday.day) AS BIGINT) AS year
  FROM ref.workday AS workday
  CROSS JOIN ref.run AS run
  WHERE extract(YEAR FROM workday.day) < extract(YEAR FROM run.as_of)
  GROUP BY extract(YEAR FROM workday.day)
)
SELECT requirement.*, past_year.year AS due_year
FROM requirement
CROSS JOIN past_year
WHERE requirement.archive_frequency = '每年' AND past_year.year BETWEEN requirement.first_year AND requirement.last_year
UNION ALL
SELECT
  requirement.archive_level_code, requirement.archive_type_code, requirement.archive_applies_to, requirement.archive_frequency, requirement.first_year,
  least(requirement.last_year, CAST(extract(YEAR FROM run.as_of) AS BIGINT)), NULL
FROM requirement
CROSS JOIN ref.run AS run
WHERE requirement.archive_frequency IN ('一次', '每次')
