-- core.school_term
-- 资助计算所属学期：资助应当已经发到位的最近一个学期。
-- Grain: exactly one row.
-- 政策依据: 财科教〔2019〕19号 学生资助资金管理办法（按学期发放）。
-- Inputs: ref.parameter, ref.run.
-- Limits: 春季学期自 3 月 1 日、秋季学期自 9 月 1 日起；开学已满 AID_DUE_DAYS 天的最近一个，在此以前本学期的资助还来不及发。参数未录入时两列为空。
-- Tie-breaks: none.
WITH parameter AS (
  SELECT max(CASE WHEN parameter.code = 'AID_DUE_DAYS' THEN parameter.value END) AS due_days
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
today AS (
  SELECT run.as_of, extract(YEAR FROM run.as_of) AS this_year, parameter.due_days
  FROM ref.run AS run
  CROSS JOIN parameter
),
started AS (
  SELECT
    CASE
      WHEN date_diff('day', make_date(this_year, 9, 1), as_of) >= due_days THEN make_date(this_year, 9, 1)
      WHEN date_diff('day', make_date(this_year, 3, 1), as_of) >= due_days THEN make_date(this_year, 3, 1)
      WHEN date_diff('day', make_date(this_year - 1, 9, 1), as_of) >= due_days THEN make_date(this_year - 1, 9, 1)
      WHEN due_days IS NOT NULL THEN make_date(this_year - 1, 3, 1)
    END AS started_on
  FROM today
)
SELECT
  started_on,
  CASE
    WHEN extract(MONTH FROM started_on) = 9 THEN CAST(extract(YEAR FROM started_on) AS VARCHAR) || '-1'
    ELSE CAST(extract(YEAR FROM started_on) - 1 AS VARCHAR) || '-2'
  END AS term_code
FROM started
