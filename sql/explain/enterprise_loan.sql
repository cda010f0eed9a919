-- explain.enterprise_loan
-- 每家带动企业的借据、分红户、就业户、实际带动户各是哪些。
-- Inputs: core.loan, core.member, core.employment_now, ref.feed_state.
-- Limits: 口径同 mart.enterprise_loan。
-- Derived: stated_carried_count = 借据上自报的最大数; carried_gap_count = stated_carried_count − carried_household_count
WITH feed AS (
  SELECT coalesce(bool_or(feed = 'employment'), FALSE) AS has_employment
  FROM ref.feed_state
  WHERE is_present AND NOT is_stale
),
note AS (
  SELECT
    -- A long number in a name would keep the whole snapshot from being published.
    regexp_replace(
      coalesce(CASE WHEN enterprise_code IS NOT NULL THEN max(enterprise) OVER (PARTITION BY enterprise_code) END, enterprise, '名称不详'), '[0-9]{5,}', '＊', 'g'
    ) AS enterprise_key,
    enterprise, enterprise_code, loan_no, household_id, person_key, balance_yuan, dividend_yuan, enterprise_poor_household_count, is_overdue
  FROM core.loan
  WHERE is_open AND coalesce(enterprise_code, enterprise) IS NOT NULL
),
named AS (
  SELECT enterprise_key, enterprise_code AS employer_key FROM note WHERE enterprise_code IS NOT NULL
  UNION
  SELECT enterprise_key, enterprise AS employer_key FROM note WHERE enterprise IS NOT NULL
),
worker AS (
  SELECT credit_code AS employer_key, person_key FROM core.employment_now WHERE status_code = '1' AND credit_code IS NOT NULL
  UNION ALL
  SELECT employer AS employer_key, person_key FROM core.employment_now WHERE status_code = '1' AND employer IS NOT NULL
),
employed AS (
  SELECT named.enterprise_key, member.household_id
  FROM named
  INNER JOIN worker ON worker.employer_key = named.employer_key
  INNER JOIN core.member AS member ON member.person_key = worker.person_key
  WHERE member.household_id IS NOT NULL
  GROUP BY named.enterprise_key, member.household_id
),
carried AS (
  SELECT enterprise_key, household_id FROM employed
  UNION
  SELECT enterprise_key, household_id FROM note WHERE dividend_yuan > 0 AND household_id IS NOT NULL
)
SELECT
  note.enterprise_key AS enterprise,
  'note_count' AS figure,
  note.household_id AS household_id,
  note.person_key AS person_key,
  '借据 ' || note.loan_no AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM note
UNION ALL
SELECT
  note.enterprise_key AS enterprise,
  'area_balance_yuan' AS figure,
  note.household_id AS household_id,
  note.person_key AS person_key,
  '借据 ' || note.loan_no AS record,
  CAST(note.balance_yuan AS DECIMAL(18, 2)) AS amount
FROM note
UNION ALL
SELECT
  note.enterprise_key AS enterprise,
  'overdue_note_count' AS figure,
  note.household_id AS household_id,
  note.person_key AS person_key,
  '借据 ' || note.loan_no AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM note
WHERE note.is_overdue
UNION ALL
SELECT
  note.enterprise_key AS enterprise,
  'enterprise_household_count' AS figure,
  note.household_id AS household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM note
WHERE note.household_id IS NOT NULL
GROUP BY note.enterprise_key, note.household_id
UNION ALL
SELECT
  note.enterprise_key AS enterprise,
  'dividend_household_count' AS figure,
  note.household_id AS household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM note
WHERE note.dividend_yuan > 0 AND note.household_id IS NOT NULL
GROUP BY note.enterprise_key, note.household_id
UNION ALL
SELECT
  employed.enterprise_key AS enterprise,
  'employed_household_count' AS figure,
  employed.household_id AS household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM employed
CROSS JOIN feed
WHERE feed.has_employment
UNION ALL
SELECT
  carried.enterprise_key AS enterprise,
  'carried_household_count' AS figure,
  carried.household_id AS household_id,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM carried
CROSS JOIN feed
WHERE feed.has_employment
