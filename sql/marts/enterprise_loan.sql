-- mart.enterprise_loan
-- 企业带动：每家带动企业名下的扶贫贷款，企业自报带动多少贫困户，实际带动（领到分红或在该企业就业）多少建档户。
-- Grain: one row per enterprise that a loan note names.
-- 政策依据: 北委发〔2019〕5号 三(二)2“挂钩机制”：企业贷款与带动贫困户数挂钩。
-- Inputs: core.loan, core.member, core.employment_now, ref.feed_state.
-- Limits: 只算没有结清的借据。同一信用代码的算一家，用名称里字典序最大的写法；没有代码的按名称区分，名称相同的算一家。实际带动户 = 借据上有分红的建档户与家里有人在该企业就业（信用代码或单位名称相同，
--   在业）的建档户，同一户只算一次；就业数据未到时就业户和实际带动户为空。自报带动数取各借据中最大的。carried_gap_count = 自报 − 实际。
-- Tie-breaks: none (counts and sums only).
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
summed AS (
  SELECT
    enterprise_key,
    count(*) AS note_count,
    CAST(sum(balance_yuan) AS DECIMAL(18, 2)) AS area_balance_yuan,
    count(*) FILTER (WHERE is_overdue) AS overdue_note_count,
    count(DISTINCT household_id) AS enterprise_household_count,
    count(DISTINCT CASE WHEN dividend_yuan > 0 THEN household_id END) AS dividend_household_count,
    max(enterprise_poor_household_count) AS stated_carried_count
  FROM note
  GROUP BY enterprise_key
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
),
carried_count AS (
  SELECT enterprise_key, count(*) AS carried_count FROM carried GROUP BY enterprise_key
),
employed_count AS (
  SELECT enterprise_key, count(*) AS employed_count FROM employed GROUP BY enterprise_key
)
SELECT
  summed.enterprise_key AS enterprise,
  summed.note_count,
  summed.area_balance_yuan,
  summed.overdue_note_count,
  summed.enterprise_household_count,
  summed.stated_carried_count,
  summed.dividend_household_count,
  CASE WHEN feed.has_employment THEN coalesce(employed_count.employed_count, 0) END AS employed_household_count,
  CASE WHEN feed.has_employment THEN coalesce(carried_count.carried_count, 0) END AS carried_household_count,
  CASE WHEN feed.has_employment THEN summed.stated_carried_count - coalesce(carried_count.carried_count, 0) END AS carried_gap_count
FROM summed
CROSS JOIN feed
LEFT JOIN employed_count ON employed_count.enterprise_key = summed.enterprise_key
LEFT JOIN carried_count ON carried_count.enterprise_key = summed.enterprise_key
