-- mart.project_fund
-- 项目资金：每个项目的资金规模、支付、进度，公示和绩效目标，受益户，到户的钱和其中给建档户的，疑点金额。
-- Grain: one row per project (project_no).
-- 政策依据: 北委发〔2019〕5号 三(二)1“项目库”“公告公示”“绩效目标”“到户到人的资金落到实处”。
-- Inputs: core.project_check, core.project_now, core.fund_voucher, core.project_benefit, ops.rule_hit, ops.rule_run, ref.feed_state.
-- Limits: 恒等式: project_unpaid_yuan = project_budget_yuan − fund_paid_yuan；to_household_yuan = cash_benefit_yuan + dividend_benefit_yuan；
--   household_gap_yuan = household_paid_yuan − cash_benefit_yuan，为零即到户支付与受益名单分文不差。poor_share = to_registered_yuan ÷ to_household_yuan，没有到户的
--   钱为空。支付、受益、公示数据未到时各自的列为空。疑点金额为 F04、F06 命中的凭证金额，同一凭证只算一次；两条规则有一条判不了时为空。
-- Tie-breaks: none (sums only).
WITH feed AS (
  SELECT
    coalesce(bool_or(feed = 'fund_payment'), FALSE) AS has_payment,
    coalesce(bool_or(feed = 'project_beneficiary'), FALSE) AS has_benefit,
    coalesce(bool_or(feed = 'project_disclosure'), FALSE) AS has_notice
  FROM ref.feed_state
  WHERE is_present AND NOT is_stale
),
judged AS (
  SELECT count(*) = 2 AS has_rules
  FROM ops.rule_run
  WHERE rule_id IN ('F04', 'F06') AND missing_feeds IS NULL AND unset_parameters IS NULL
),
doubtful AS (
  SELECT subject AS voucher_no
  FROM ops.rule_hit
  WHERE rule_id IN ('F04', 'F06') AND verdict = '命中'
  GROUP BY subject
),
paid AS (
  SELECT
    voucher.project_no,
    sum(voucher.payment_yuan) AS paid_yuan,
    sum(CASE WHEN voucher.is_to_household THEN voucher.payment_yuan ELSE 0 END) AS household_paid_yuan,
    sum(CASE WHEN doubtful.voucher_no IS NOT NULL THEN voucher.payment_yuan ELSE 0 END) AS doubtful_yuan
  FROM core.fund_voucher AS voucher
  LEFT JOIN doubtful ON doubtful.voucher_no = voucher.voucher_no
  WHERE voucher.project_no IS NOT NULL
  GROUP BY voucher.project_no
),
benefit AS (
  SELECT
    project_no,
    count(DISTINCT household_id) AS household_count,
    count(DISTINCT CASE WHEN household_id IS NULL THEN person_key END) AS outside_count,
    sum(CASE WHEN benefit_way_code = '1' THEN benefit_yuan ELSE 0 END) AS cash_yuan,
    sum(CASE WHEN benefit_way_code = '3' THEN benefit_yuan ELSE 0 END) AS dividend_yuan,
    sum(CASE WHEN benefit_way_code IN ('1', '3') AND household_id IS NOT NULL THEN benefit_yuan ELSE 0 END) AS registered_yuan
  FROM core.project_benefit
  GROUP BY project_no
),
joined AS (
  SELECT
    checked.project_no, checked.project_class_code, checked.project_status_code, checked.project_year, checked.village_code, checked.budget_yuan,
    checked.progress_ratio, checked.is_target_measured, checked.stocked_notice, checked.planned_notice, checked.completed_notice,
    coalesce(
      project.central_fund_yuan, project.provincial_fund_yuan, project.city_fund_yuan, project.county_fund_yuan, project.integrated_fund_yuan,
      project.social_fund_yuan, project.bank_fund_yuan, project.self_raised_fund_yuan
    ) IS NOT NULL AS has_sources,
    coalesce(project.central_fund_yuan, 0) + coalesce(project.provincial_fund_yuan, 0) + coalesce(project.city_fund_yuan, 0)
    + coalesce(project.county_fund_yuan, 0) AS fiscal_yuan,
    CASE WHEN feed.has_payment THEN coalesce(paid.paid_yuan, 0) END AS paid_yuan,
    CASE WHEN feed.has_payment AND feed.has_benefit THEN coalesce(paid.household_paid_yuan, 0) END AS household_paid_yuan,
    CASE WHEN feed.has_payment AND judged.has_rules THEN coalesce(paid.doubtful_yuan, 0) END AS doubtful_yuan,
    CASE WHEN feed.has_benefit THEN coalesce(benefit.household_count, 0) END AS household_count,
    CASE WHEN feed.has_benefit THEN coalesce(benefit.outside_count, 0) END AS outside_count,
    CASE WHEN feed.has_benefit THEN coalesce(benefit.cash_yuan, 0) END AS cash_yuan,
    CASE WHEN feed.has_benefit THEN coalesce(benefit.dividend_yuan, 0) END AS dividend_yuan,
    CASE WHEN feed.has_benefit THEN coalesce(benefit.registered_yuan, 0) END AS registered_yuan,
    feed.has_notice
  FROM core.project_check AS checked
  INNER JOIN core.project_now AS project ON project.project_no = checked.project_no
  CROSS JOIN feed
  CROSS JOIN judged
  LEFT JOIN paid ON paid.project_no = checked.project_no
  LEFT JOIN benefit ON benefit.project_no = checked.project_no
)
SELECT
  project_no,
  project_class_code,
  project_status_code,
  project_year,
  village_code,
  is_target_measured,
  CASE WHEN has_notice THEN stocked_notice ELSE '无法判定' END AS stocked_notice,
  CASE WHEN has_notice THEN planned_notice ELSE '无法判定' END AS planned_notice,
  CASE WHEN has_notice THEN completed_notice ELSE '无法判定' END AS completed_notice,
  CAST(budget_yuan AS DECIMAL(18, 2)) AS project_budget_yuan,
  CASE WHEN has_sources THEN CAST(fiscal_yuan AS DECIMAL(18, 2)) END AS fiscal_fund_yuan,
  CAST(paid_yuan AS DECIMAL(18, 2)) AS fund_paid_yuan,
  CAST(budget_yuan - paid_yuan AS DECIMAL(18, 2)) AS project_unpaid_yuan,
  CASE WHEN budget_yuan > 0 THEN CAST(CAST(paid_yuan AS DOUBLE) / budget_yuan AS DECIMAL(12, 8)) END AS project_paid_ratio,
  progress_ratio AS project_progress_ratio,
  household_count AS listed_household_count,
  outside_count AS outside_person_count,
  CAST(household_paid_yuan AS DECIMAL(18, 2)) AS household_paid_yuan,
  CAST(cash_yuan AS DECIMAL(18, 2)) AS cash_benefit_yuan,
  CAST(household_paid_yuan - cash_yuan AS DECIMAL(18, 2)) AS household_gap_yuan,
  CAST(dividend_yuan AS DECIMAL(18, 2)) AS dividend_benefit_yuan,
  CAST(cash_yuan + dividend_yuan AS DECIMAL(18, 2)) AS to_household_yuan,
  CAST(registered_yuan AS DECIMAL(18, 2)) AS to_registered_yuan,
  CASE
    WHEN cash_yuan + dividend_yuan > 0 THEN CAST(CAST(registered_yuan AS DOUBLE) / (cash_yuan + dividend_yuan) AS DECIMAL(12, 8))
  END AS poor_share,
  CAST(doubtful_yuan AS DECIMAL(18, 2)) AS doubtful_yuan
FROM joined
