-- core.loan_month
-- 扶贫贷款逐月：每个月末（当月为运行日）未结清的每张借据，在哪个乡镇、哪家银行，是否逾期、展期续贷、有带动企业。
-- Grain: one row per month and loan note with a balance at its end.
-- Kept as: view (read once by the mart; months times loans need not be stored).
-- 政策依据: 北委发〔2019〕5号 三(二)2、四(七)。
-- Inputs: core.bank_loan, core.loan, core.member, core.registry_household_now, ref.workday, ref.feed_state, ref.run.
-- Limits: 从平台有银行数据的第一个月到最近一批银行数据所在的月。现在还在的借据用现在的归户；已不在的按当时的借款人或借据上的户编号。
-- Tie-breaks: none; history has one row per note on a day.
WITH told AS (
  SELECT run.as_of, least(run.as_of, coalesce(feed_state.last_as_of, run.as_of)) AS last_as_of
  FROM ref.run
  CROSS JOIN ref.feed_state
  WHERE feed_state.feed = 'bank_loan'
),
believed AS (
  SELECT
    loan_no, bank, product_code, person_key, household_id, balance_yuan, due_date, is_extended, overdue_from_date, overdue_principal_yuan, settled_date, enterprise,
    enterprise_code, valid_from, valid_to
  FROM core.bank_loan
  WHERE recorded_to = TIMESTAMP '9999-12-31 00:00:00'
),
first_day AS (
  SELECT min(valid_from) AS first_from
  FROM believed
),
month AS (
  SELECT CAST(date_trunc('month', workday.day) AS DATE) AS report_month, max(workday.day) AS month_end
  FROM ref.workday AS workday
  CROSS JOIN told
  CROSS JOIN first_day
  WHERE workday.day <= told.as_of AND workday.day >= first_day.first_from AND date_trunc('month', workday.day) <= date_trunc('month', told.last_as_of)
  GROUP BY date_trunc('month', workday.day)
),
dated AS (
  SELECT
    month.report_month, month.month_end, believed.loan_no, believed.bank, believed.product_code, believed.balance_yuan,
    coalesce(believed.is_extended, FALSE) AS is_extended, believed.enterprise, believed.enterprise_code, believed.person_key, believed.household_id,
    believed.due_date < month.month_end AS is_due, coalesce(believed.overdue_from_date <= month.month_end, FALSE) AS is_partly_due, believed.overdue_principal_yuan
  FROM believed
  INNER JOIN month ON believed.valid_from <= month.month_end AND believed.valid_to > month.month_end
  WHERE believed.balance_yuan > 0 AND believed.settled_date IS NULL
),
placed AS (
  SELECT
    dated.report_month, dated.month_end, dated.loan_no, dated.bank, dated.product_code, dated.balance_yuan, dated.is_extended, dated.enterprise,
    dated.enterprise_code, dated.is_due, dated.is_partly_due, dated.overdue_principal_yuan, dated.person_key,
    coalesce(loan.household_id, member.household_id, dated.household_id) AS household_id,
    coalesce(loan.village_code, member.village_code) AS village_code
  FROM dated
  LEFT JOIN core.loan AS loan ON loan.loan_no = dated.loan_no
  LEFT JOIN core.member AS member ON member.person_key = dated.person_key
)
SELECT
  placed.report_month,
  placed.loan_no,
  coalesce(placed.bank, '不详') AS bank,
  coalesce(substr(coalesce(placed.village_code, household.village_code), 1, 9), '不详') AS town_code,
  placed.product_code,
  placed.person_key,
  household.household_id,
  placed.balance_yuan,
  placed.is_due OR placed.is_partly_due AS is_overdue,
  CAST(CASE
    WHEN placed.is_due THEN placed.balance_yuan
    WHEN placed.is_partly_due THEN coalesce(placed.overdue_principal_yuan, placed.balance_yuan)
    ELSE 0
  END AS DECIMAL(18, 2)) AS overdue_yuan,
  placed.is_extended,
  coalesce(placed.enterprise_code, placed.enterprise) IS NOT NULL AS is_enterprise_linked
FROM placed
LEFT JOIN core.registry_household_now AS household ON household.household_id = placed.household_id
