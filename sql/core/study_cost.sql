-- core.study_cost
-- 就学支出：运行日所在学年，每个学生的就学支出、得到的资助和自己负担的部分。
-- Grain: one row per person_key with an expense in the school year of the run date (September to August).
-- Scope: person_key
-- 政策依据: 北委发〔2019〕5号 二(一)2 “应扶尽扶、应补则补”；防止因学致贫返贫。
-- Inputs: core.education_expense_now, core.education_aid_now, ref.run.
-- Limits: 同一学期学校和家庭都报的取高的一份。生源地助学贷款要还，不算资助。资助和支出按同一学年相减，资助多于支出的自付为零。
-- Tie-breaks: none; the highest stage code of the year's rows stands for the student.
WITH school_year AS (
  SELECT
    CAST(
      CASE WHEN extract(MONTH FROM as_of) >= 9 THEN extract(YEAR FROM as_of) ELSE extract(YEAR FROM as_of) - 1 END AS BIGINT
    ) AS year
  FROM ref.run
),
term AS (
  SELECT expense.person_key, expense.term_code, max(expense.stage_code) AS stage_code, max(expense.expense_total_yuan) AS expense_yuan
  FROM core.education_expense_now AS expense
  CROSS JOIN school_year
  WHERE expense.person_key IS NOT NULL AND substr(expense.term_code, 1, 4) = CAST(school_year.year AS VARCHAR)
  GROUP BY expense.person_key, expense.term_code
),
spent AS (
  SELECT person_key, max(stage_code) AS stage_code, sum(expense_yuan) AS expense_yuan
  FROM term
  GROUP BY person_key
),
aided AS (
  SELECT aid.person_key, sum(aid.amount_yuan) AS aid_yuan
  FROM core.education_aid_now AS aid
  CROSS JOIN school_year
  WHERE aid.aid_code <> '9' AND substr(aid.term_code, 1, 4) = CAST(school_year.year AS VARCHAR)
  GROUP BY aid.person_key
)
SELECT
  spent.person_key,
  spent.stage_code,
  CAST(spent.expense_yuan AS DECIMAL(18, 2)) AS study_expense_yuan,
  CAST(coalesce(aided.aid_yuan, 0) AS DECIMAL(18, 2)) AS study_aid_yuan,
  CAST(greatest(spent.expense_yuan - coalesce(aided.aid_yuan, 0), 0) AS DECIMAL(18, 2)) AS study_paid_yuan
FROM spent
LEFT JOIN aided ON aided.person_key = spent.person_key
