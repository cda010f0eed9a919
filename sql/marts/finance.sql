-- mart.finance
-- 金融扶贫：每家银行机构、每个乡镇、每个月的扶贫小额信贷户数、余额、逾期、展期续贷、户贷企用疑点、过度举债户、贴息应付实付、风险补偿代偿。
-- Grain: one row per bank, township and month.
-- 政策依据: 北委发〔2019〕5号 三(二)2、四(七)；银监发〔2017〕42号。
-- Inputs: core.loan_month, core.loan, core.interest_period, core.loan_repayment_now, ops.rule_hit, ops.rule_run, ref.division, ref.feed_state, ref.run.
-- Limits: 余额、户数只算扶贫小额信贷月末未结清的；贴息按拨付日期、代偿按还款日期归月，只有贴息或代偿而没有余额的月份也有一行，余额为 0；月份早于平台第一批银行
--   数据或晚于最近一批的，户数、余额为空。借款人归不了建档户的不计户数。户贷企用、过度举债只有运行日所在月有数，判不了时为空；一户在两家银行有贷款的两边都算。
--   贴息数据未到时贴息各列为空，还款流水未到时代偿为空。恒等式: subsidy_difference_yuan = subsidy_paid_yuan − subsidy_due_yuan。风险补偿金余额、线索核实
--   结论没有数据源，不在本表。
-- Tie-breaks: none (sums only).
WITH feed AS (
  SELECT
    coalesce(bool_or(feed = 'interest_subsidy'), FALSE) AS has_subsidy,
    coalesce(bool_or(feed = 'loan_repayment'), FALSE) AS has_repayment
  FROM ref.feed_state
  WHERE is_present AND NOT is_stale
),
told AS (
  SELECT min(report_month) AS first_month, max(report_month) AS last_month
  FROM core.loan_month
),
judged AS (
  SELECT
    coalesce(bool_or(rule_id = 'L04'), FALSE) AS has_company_rule,
    coalesce(bool_or(rule_id = 'L07'), FALSE) AS has_debt_rule
  FROM ops.rule_run
  WHERE missing_feeds IS NULL AND unset_parameters IS NULL
),
company AS (
  SELECT subject AS loan_no FROM ops.rule_hit WHERE rule_id = 'L04' AND verdict = '命中'
),
debtor AS (
  SELECT subject AS household_id FROM ops.rule_hit WHERE rule_id = 'L07' AND verdict = '命中'
),
lent AS (
  SELECT
    loan_month.report_month, loan_month.bank, loan_month.town_code,
    count(DISTINCT loan_month.household_id) AS household_count,
    count(*) AS note_count,
    sum(loan_month.balance_yuan) AS balance_yuan,
    count(*) FILTER (WHERE loan_month.is_overdue) AS overdue_note_count,
    sum(loan_month.overdue_yuan) AS overdue_yuan,
    count(*) FILTER (WHERE loan_month.is_extended) AS extended_note_count,
    count(*) FILTER (WHERE loan_month.is_enterprise_linked) AS enterprise_note_count,
    count(DISTINCT CASE WHEN loan_month.is_enterprise_linked THEN loan_month.household_id END) AS enterprise_household_count,
    count(company.loan_no) AS company_note_count,
    count(DISTINCT debtor.household_id) AS debtor_count
  FROM core.loan_month AS loan_month
  LEFT JOIN company ON company.loan_no = loan_month.loan_no
  LEFT JOIN debtor ON debtor.household_id = loan_month.household_id
  WHERE loan_month.product_code = '1'
  GROUP BY loan_month.report_month, loan_month.bank, loan_month.town_code
),
subsidised AS (
  SELECT
    CAST(date_trunc('month', payout_date) AS DATE) AS report_month,
    coalesce(bank, '不详') AS bank,
    coalesce(substr(village_code, 1, 9), '不详') AS town_code,
    sum(due_subsidy_yuan) AS due_yuan,
    sum(paid_subsidy_yuan) AS paid_yuan,
    count(*) - count(due_subsidy_yuan) AS unknown_count
  FROM core.interest_period
  WHERE payout_date IS NOT NULL
  GROUP BY date_trunc('month', payout_date), coalesce(bank, '不详'), coalesce(substr(village_code, 1, 9), '不详')
),
compensated AS (
  SELECT
    CAST(date_trunc('month', repayment.repaid_date) AS DATE) AS report_month,
    coalesce(loan.bank, repayment.bank, '不详') AS bank,
    coalesce(substr(loan.village_code, 1, 9), '不详') AS town_code,
    sum(coalesce(repayment.repaid_total_yuan, coalesce(repayment.principal_yuan, 0) + coalesce(repayment.interest_yuan, 0))) AS compensated_yuan
  FROM core.loan_repayment_now AS repayment
  LEFT JOIN core.loan AS loan ON loan.loan_no = repayment.loan_no
  WHERE repayment.repayment_kind_code = '4'
  GROUP BY date_trunc('month', repayment.repaid_date), coalesce(loan.bank, repayment.bank, '不详'), coalesce(substr(loan.village_code, 1, 9), '不详')
),
cell AS (
  SELECT report_month, bank, town_code FROM lent
  UNION
  SELECT report_month, bank, town_code FROM subsidised
  UNION
  SELECT report_month, bank, town_code FROM compensated
),
town AS (
  SELECT town_code, max(town_name) AS town FROM ref.division GROUP BY town_code
),
joined AS (
  SELECT
    cell.report_month, cell.bank, cell.town_code,
    coalesce(cell.report_month BETWEEN told.first_month AND told.last_month, FALSE) AS is_told,
    cell.report_month = date_trunc('month', run.as_of) AS is_this_month,
    lent.household_count, lent.note_count, lent.balance_yuan, lent.overdue_note_count, lent.overdue_yuan, lent.extended_note_count, lent.enterprise_note_count,
    lent.enterprise_household_count, lent.company_note_count, lent.debtor_count,
    subsidised.due_yuan, subsidised.paid_yuan, subsidised.unknown_count, compensated.compensated_yuan
  FROM cell
  CROSS JOIN told
  CROSS JOIN ref.run AS run
  LEFT JOIN lent ON lent.report_month = cell.report_month AND lent.bank = cell.bank AND lent.town_code = cell.town_code
  LEFT JOIN subsidised ON subsidised.report_month = cell.report_month AND subsidised.bank = cell.bank AND subsidised.town_code = cell.town_code
  LEFT JOIN compensated ON compensated.report_month = cell.report_month AND compensated.bank = cell.bank AND compensated.town_code = cell.town_code
)
SELECT
  joined.report_month,
  joined.bank,
  joined.town_code,
  town.town,
  CASE WHEN joined.is_told THEN coalesce(joined.household_count, 0) END AS borrower_household_count,
  CASE WHEN joined.is_told THEN coalesce(joined.note_count, 0) END AS note_count,
  CASE WHEN joined.is_told THEN CAST(coalesce(joined.balance_yuan, 0) AS DECIMAL(18, 2)) END AS area_balance_yuan,
  CASE
    WHEN joined.household_count > 0 THEN CAST(CAST(joined.balance_yuan AS DOUBLE) / joined.household_count AS DECIMAL(18, 2))
  END AS balance_per_household_yuan,
  CASE WHEN joined.is_told THEN coalesce(joined.overdue_note_count, 0) END AS overdue_note_count,
  CASE WHEN joined.is_told THEN CAST(coalesce(joined.overdue_yuan, 0) AS DECIMAL(18, 2)) END AS overdue_yuan,
  CASE WHEN joined.balance_yuan > 0 THEN CAST(CAST(joined.overdue_yuan AS DOUBLE) / joined.balance_yuan AS DECIMAL(12, 8)) END AS overdue_rate,
  CASE WHEN joined.is_told THEN coalesce(joined.extended_note_count, 0) END AS extended_note_count,
  CASE WHEN joined.is_told AND joined.is_this_month AND judged.has_company_rule THEN coalesce(joined.company_note_count, 0) END AS company_note_count,
  CASE WHEN joined.is_told AND joined.is_this_month AND judged.has_debt_rule THEN coalesce(joined.debtor_count, 0) END AS over_indebted_household_count,
  CASE WHEN joined.is_told THEN coalesce(joined.enterprise_note_count, 0) END AS enterprise_note_count,
  CASE WHEN joined.is_told THEN coalesce(joined.enterprise_household_count, 0) END AS enterprise_household_count,
  CASE WHEN feed.has_subsidy AND coalesce(joined.unknown_count, 0) = 0 THEN CAST(coalesce(joined.due_yuan, 0) AS DECIMAL(18, 2)) END AS subsidy_due_yuan,
  CASE WHEN feed.has_subsidy THEN CAST(coalesce(joined.paid_yuan, 0) AS DECIMAL(18, 2)) END AS subsidy_paid_yuan,
  CASE
    WHEN feed.has_subsidy AND coalesce(joined.unknown_count, 0) = 0
      THEN CAST(coalesce(joined.paid_yuan, 0) - coalesce(joined.due_yuan, 0) AS DECIMAL(18, 2))
  END AS subsidy_difference_yuan,
  CASE WHEN feed.has_repayment THEN CAST(coalesce(joined.compensated_yuan, 0) AS DECIMAL(18, 2)) END AS compensated_yuan
FROM joined
CROSS JOIN feed
CROSS JOIN judged
LEFT JOIN town ON town.town_code = joined.town_code
