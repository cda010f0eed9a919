-- mart.fund_year
-- 年度资金：每年下达、支付、结余、支出进度，项目按状态各多少，绩效目标、公示完成多少，到户多少、其中给建档户的占多少。
-- Grain: one row per year.
-- 政策依据: 北委发〔2019〕5号 三(二)1；财政专项扶贫资金绩效评价办法。
-- Inputs: core.fund_indicator, core.fund_voucher, core.project_check, core.project_benefit, ops.rule_hit, ops.rule_run, ref.feed_state, ref.run.
-- Limits: 指标和支付按指标的预算年度（查不到指标的按文号年份、付款年份）；项目、到户支付、受益按项目年度（没有项目年度的按受益年份，再没有的不计）。恒等式:
--   allotted_yuan = fund_paid_yuan − paid_without_allotment_yuan + fund_balance_yuan；fund_paid_yuan = paid_to_project_yuan + paid_without_project_yuan；
--   project_count = 七种状态之和；household_gap_yuan = household_paid_yuan − cash_benefit_yuan。到期应完成目标 = 计划完工月已过、没有终止的项目，
--   完成 = 目标量化并且验收合格（含整改后合格）。公示完成 = 应公示的各环节都足够，终止的不计。缺哪个数据源，哪些列为空。
-- Tie-breaks: none (sums only).
WITH feed AS (
  SELECT
    coalesce(bool_or(feed = 'fund_allotment'), FALSE) AS has_allotment,
    coalesce(bool_or(feed = 'fund_payment'), FALSE) AS has_payment,
    coalesce(bool_or(feed = 'project'), FALSE) AS has_project,
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
allotted AS (
  SELECT budget_year AS fund_year, sum(allotted_yuan) AS allotted_yuan
  FROM core.fund_indicator
  GROUP BY budget_year
),
paid AS (
  SELECT
    voucher.budget_year AS fund_year,
    sum(voucher.payment_yuan) AS paid_yuan,
    sum(CASE WHEN voucher.project_no IS NOT NULL THEN voucher.payment_yuan ELSE 0 END) AS paid_to_project_yuan,
    sum(CASE WHEN NOT voucher.is_allotment_known THEN voucher.payment_yuan ELSE 0 END) AS paid_without_allotment_yuan,
    sum(CASE WHEN doubtful.voucher_no IS NOT NULL THEN voucher.payment_yuan ELSE 0 END) AS doubtful_yuan
  FROM core.fund_voucher AS voucher
  LEFT JOIN doubtful ON doubtful.voucher_no = voucher.voucher_no
  GROUP BY voucher.budget_year
),
planned AS (
  SELECT
    checked.project_year AS fund_year,
    count(*) AS project_count,
    count(*) FILTER (WHERE checked.project_status_code = '1') AS stocked_count,
    count(*) FILTER (WHERE checked.project_status_code = '2') AS approved_count,
    count(*) FILTER (WHERE checked.project_status_code = '3') AS running_count,
    count(*) FILTER (WHERE checked.project_status_code = '4') AS completed_count,
    count(*) FILTER (WHERE checked.project_status_code = '5') AS accepted_count,
    count(*) FILTER (WHERE checked.project_status_code = '6') AS handed_over_count,
    count(*) FILTER (WHERE checked.project_status_code = '9') AS stopped_count,
    sum(checked.budget_yuan) AS budget_yuan,
    count(*) FILTER (
      WHERE checked.project_status_code <> '9' AND date_trunc('month', checked.plan_end_date) < date_trunc('month', run.as_of)
    ) AS target_due_count,
    count(*) FILTER (
      WHERE checked.project_status_code <> '9' AND date_trunc('month', checked.plan_end_date) < date_trunc('month', run.as_of)
        AND checked.is_target_measured AND checked.acceptance_code IN ('1', '2')
    ) AS target_met_count,
    count(*) FILTER (WHERE checked.project_status_code <> '9') AS notice_due_count,
    count(*) FILTER (
      WHERE checked.project_status_code <> '9' AND checked.stocked_notice IN ('足够', '不需要') AND checked.planned_notice IN ('足够', '不需要')
        AND checked.completed_notice IN ('足够', '不需要')
    ) AS notice_done_count
  FROM core.project_check AS checked
  CROSS JOIN ref.run AS run
  WHERE checked.project_year IS NOT NULL
  GROUP BY checked.project_year
),
household_paid AS (
  SELECT checked.project_year AS fund_year, sum(voucher.payment_yuan) AS household_paid_yuan
  FROM core.fund_voucher AS voucher
  INNER JOIN core.project_check AS checked ON checked.project_no = voucher.project_no
  WHERE voucher.is_to_household AND checked.project_year IS NOT NULL
  GROUP BY checked.project_year
),
benefit AS (
  SELECT
    coalesce(checked.project_year, CAST(extract(YEAR FROM benefit.benefit_date) AS BIGINT)) AS fund_year,
    sum(CASE WHEN benefit.benefit_way_code = '1' THEN benefit.benefit_yuan ELSE 0 END) AS cash_yuan,
    sum(CASE WHEN benefit.benefit_way_code = '3' THEN benefit.benefit_yuan ELSE 0 END) AS dividend_yuan,
    sum(CASE WHEN benefit.benefit_way_code IN ('1', '3') AND benefit.household_id IS NOT NULL THEN benefit.benefit_yuan ELSE 0 END) AS registered_yuan
  FROM core.project_benefit AS benefit
  LEFT JOIN core.project_check AS checked ON checked.project_no = benefit.project_no
  GROUP BY coalesce(checked.project_year, CAST(extract(YEAR FROM benefit.benefit_date) AS BIGINT))
),
year AS (
  SELECT fund_year FROM allotted
  UNION
  SELECT fund_year FROM paid
  UNION
  SELECT fund_year FROM planned
  UNION
  SELECT fund_year FROM benefit
),
joined AS (
  SELECT
    year.fund_year,
    feed.has_notice,
    CASE WHEN feed.has_allotment THEN coalesce(allotted.allotted_yuan, 0) END AS allotted_yuan,
    CASE WHEN feed.has_payment THEN coalesce(paid.paid_yuan, 0) END AS paid_yuan,
    CASE WHEN feed.has_payment AND feed.has_project THEN coalesce(paid.paid_to_project_yuan, 0) END AS paid_to_project_yuan,
    CASE WHEN feed.has_payment AND feed.has_allotment THEN coalesce(paid.paid_without_allotment_yuan, 0) END AS paid_without_allotment_yuan,
    CASE WHEN feed.has_payment AND judged.has_rules THEN coalesce(paid.doubtful_yuan, 0) END AS doubtful_yuan,
    CASE WHEN feed.has_project THEN coalesce(planned.project_count, 0) END AS project_count,
    CASE WHEN feed.has_project THEN coalesce(planned.stocked_count, 0) END AS stocked_count,
    CASE WHEN feed.has_project THEN coalesce(planned.approved_count, 0) END AS approved_count,
    CASE WHEN feed.has_project THEN coalesce(planned.running_count, 0) END AS running_count,
    CASE WHEN feed.has_project THEN coalesce(planned.completed_count, 0) END AS completed_count,
    CASE WHEN feed.has_project THEN coalesce(planned.accepted_count, 0) END AS accepted_count,
    CASE WHEN feed.has_project THEN coalesce(planned.handed_over_count, 0) END AS handed_over_count,
    CASE WHEN feed.has_project THEN coalesce(planned.stopped_count, 0) END AS stopped_count,
    CASE WHEN feed.has_project THEN coalesce(planned.budget_yuan, 0) END AS budget_yuan,
    CASE WHEN feed.has_project THEN coalesce(planned.target_due_count, 0) END AS target_due_count,
    CASE WHEN feed.has_project THEN coalesce(planned.target_met_count, 0) END AS target_met_count,
    CASE WHEN feed.has_project AND feed.has_notice THEN coalesce(planned.notice_due_count, 0) END AS notice_due_count,
    CASE WHEN feed.has_project AND feed.has_notice THEN coalesce(planned.notice_done_count, 0) END AS notice_done_count,
    CASE WHEN feed.has_payment AND feed.has_project AND feed.has_benefit THEN coalesce(household_paid.household_paid_yuan, 0) END AS household_paid_yuan,
    CASE WHEN feed.has_benefit THEN coalesce(benefit.cash_yuan, 0) END AS cash_yuan,
    CASE WHEN feed.has_benefit THEN coalesce(benefit.dividend_yuan, 0) END AS dividend_yuan,
    CASE WHEN feed.has_benefit THEN coalesce(benefit.registered_yuan, 0) END AS registered_yuan
  FROM year
  CROSS JOIN feed
  CROSS JOIN judged
  LEFT JOIN allotted ON allotted.fund_year = year.fund_year
  LEFT JOIN paid ON paid.fund_year = year.fund_year
  LEFT JOIN planned ON planned.fund_year = year.fund_year
  LEFT JOIN household_paid ON household_paid.fund_year = year.fund_year
  LEFT JOIN benefit ON benefit.fund_year = year.fund_year
  WHERE year.fund_year IS NOT NULL
)
SELECT
  fund_year,
  CAST(allotted_yuan AS DECIMAL(18, 2)) AS allotted_yuan,
  CAST(paid_yuan AS DECIMAL(18, 2)) AS fund_paid_yuan,
  CAST(paid_to_project_yuan AS DECIMAL(18, 2)) AS paid_to_project_yuan,
  CAST(paid_yuan - paid_to_project_yuan AS DECIMAL(18, 2)) AS paid_without_project_yuan,
  CAST(paid_without_allotment_yuan AS DECIMAL(18, 2)) AS paid_without_allotment_yuan,
  CAST(allotted_yuan - paid_yuan + paid_without_allotment_yuan AS DECIMAL(18, 2)) AS fund_balance_yuan,
  CASE
    WHEN allotted_yuan > 0 THEN CAST(CAST(paid_yuan - paid_without_allotment_yuan AS DOUBLE) / allotted_yuan AS DECIMAL(12, 8))
  END AS spending_rate,
  project_count,
  stocked_count AS project_stocked_count,
  approved_count AS project_approved_count,
  running_count AS project_running_count,
  completed_count AS project_completed_count,
  accepted_count AS project_accepted_count,
  handed_over_count AS project_handed_over_count,
  stopped_count AS project_stopped_count,
  CAST(budget_yuan AS DECIMAL(18, 2)) AS project_budget_yuan,
  target_due_count,
  target_met_count,
  CASE WHEN target_due_count > 0 THEN CAST(CAST(target_met_count AS DOUBLE) / target_due_count AS DECIMAL(12, 8)) END AS target_rate,
  notice_due_count,
  notice_done_count,
  CASE WHEN notice_due_count > 0 THEN CAST(CAST(notice_done_count AS DOUBLE) / notice_due_count AS DECIMAL(12, 8)) END AS notice_rate,
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
