-- L04 户贷企用
-- 扶贫小额信贷的钱到了企业或他人手里，由他人还款，几户同日同额贷给一家，或按贷款固定比例分红的。
-- 政策依据: 银监发〔2017〕42号：坚持户借、户还、户用，不得户贷企用；北委发〔2019〕5号 四(七)“纠正…户贷企用、违规用款”。
-- Severity: 红
-- Owner: yinhang
-- Version: 1，2014-12-01 至 9999-12-31
-- Subject: loan（借款人所在的建档立卡户，加上与借款人同一户口簿的人）
-- Parameters: LOAN_GROUP_COUNT, LOAN_GROUP_DAYS
-- Feeds: bank_loan, registry_household, registry_person, household_registration
-- May use: loan_repayment
-- Inputs: core.loan, core.loan_repayment_now, core.registry_person_now, core.household_registration_now, ref.feed_state, ref.parameter, ref.run.
-- Limits: 只看没有结清的扶贫小额信贷；成群放款也数已结清的。家庭成员按姓名比对，繁简异体算同名，姓名残缺的不比。冲正、风险补偿代偿不算他人还款。
--   还款流水没有到的，其余各项没有疑点的无法判定。带动企业本身不是疑点：在规定天数内同一企业、同样金额不少于规定户数才是。分红为贷款金额的整数百分比视为固定比例。
-- Tie-breaks: none; counts and flags only.
WITH parameter AS (
  SELECT
    max(CASE WHEN parameter.code = 'LOAN_GROUP_COUNT' THEN parameter.value END) AS group_count,
    max(CASE WHEN parameter.code = 'LOAN_GROUP_DAYS' THEN parameter.value END) AS group_days
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
feed AS (
  SELECT coalesce(bool_or(feed = 'loan_repayment'), FALSE) AS has_repayment
  FROM ref.feed_state
  WHERE is_present AND NOT is_stale
),
loan AS (
  SELECT
    loan_no, person_key, household_id, village_code, hukou_no, amount_yuan, issued_date, is_open, dividend_yuan, enterprise, enterprise_code,
    translate(name, '閆闫呂劉於·•', '阎阎吕刘于') AS own_name,
    translate(payee, '閆闫呂劉於·•', '阎阎吕刘于') AS payee_name
  FROM core.loan
  WHERE product_code = '1'
),
repaid AS (
  SELECT
    loan.loan_no,
    translate(repayment.account_name, '閆闫呂劉於·•', '阎阎吕刘于') AS other_name,
    max(CASE WHEN repayment.interest_yuan > 0 THEN 1 ELSE 0 END) = 1 AS has_interest
  FROM core.loan_repayment_now AS repayment
  INNER JOIN loan ON loan.loan_no = repayment.loan_no
  WHERE repayment.account_name IS NOT NULL AND coalesce(repayment.repayment_kind_code, '1') NOT IN ('4', '5')
  GROUP BY loan.loan_no, translate(repayment.account_name, '閆闫呂劉於·•', '阎阎吕刘于')
),
-- Only names that are not the borrower's own are looked for among the family: a handful.
other AS (
  SELECT loan_no, payee_name AS other_name, TRUE AS is_payee, FALSE AS has_interest
  FROM loan
  WHERE payee_name <> own_name AND NOT contains(payee_name, '?')
  UNION ALL
  SELECT repaid.loan_no, repaid.other_name, FALSE AS is_payee, repaid.has_interest
  FROM repaid
  INNER JOIN loan ON loan.loan_no = repaid.loan_no
  WHERE repaid.other_name <> loan.own_name AND NOT contains(repaid.other_name, '?')
),
asked AS (
  SELECT other.loan_no, loan.household_id, loan.hukou_no
  FROM other
  INNER JOIN loan ON loan.loan_no = other.loan_no
  GROUP BY other.loan_no, loan.household_id, loan.hukou_no
),
family AS (
  SELECT asked.loan_no, translate(person.name, '閆闫呂劉於·•', '阎阎吕刘于') AS other_name
  FROM asked
  INNER JOIN core.registry_person_now AS person ON person.household_id = asked.household_id
  UNION
  SELECT asked.loan_no, translate(resident.name, '閆闫呂劉於·•', '阎阎吕刘于') AS other_name
  FROM asked
  INNER JOIN core.household_registration_now AS resident ON resident.hukou_no = asked.hukou_no
),
company AS (
  SELECT
    other_name,
    regexp_matches(other_name, '公司|合作社|合作联社|企业|集团|厂|农场|牧场|养殖场|商行|商店|超市|经营部|服务部|中心|基地|工作室') AS is_company
  FROM other
  GROUP BY other_name
),
stranger AS (
  SELECT
    other.loan_no,
    max(CASE WHEN other.is_payee AND NOT company.is_company THEN 1 ELSE 0 END) = 1 AS is_paid_to_other,
    max(CASE WHEN other.is_payee AND company.is_company THEN 1 ELSE 0 END) = 1 AS is_paid_to_company,
    max(CASE WHEN NOT other.is_payee THEN 1 ELSE 0 END) = 1 AS is_repaid_by_other,
    max(CASE WHEN NOT other.is_payee AND other.has_interest AND company.is_company THEN 1 ELSE 0 END) = 1 AS is_interest_by_company
  FROM other
  INNER JOIN company ON company.other_name = other.other_name
  LEFT JOIN family ON family.loan_no = other.loan_no AND family.other_name = other.other_name
  WHERE family.loan_no IS NULL
  GROUP BY other.loan_no
),
destination AS (
  SELECT
    loan.loan_no, loan.amount_yuan, loan.issued_date, coalesce(loan.household_id, loan.loan_no) AS party,
    coalesce(loan.enterprise_code, loan.enterprise, CASE WHEN stranger.is_paid_to_company OR stranger.is_paid_to_other THEN loan.payee_name END) AS destination
  FROM loan
  LEFT JOIN stranger ON stranger.loan_no = loan.loan_no
),
window_start AS (
  SELECT one.loan_no, one.destination, one.amount_yuan, one.issued_date, count(DISTINCT other.party) AS household_count
  FROM destination AS one
  INNER JOIN destination AS other ON other.destination = one.destination AND other.amount_yuan = one.amount_yuan
  CROSS JOIN parameter
  WHERE date_diff('day', one.issued_date, other.issued_date) BETWEEN 0 AND parameter.group_days
  GROUP BY one.loan_no, one.destination, one.amount_yuan, one.issued_date, parameter.group_count
  HAVING count(DISTINCT other.party) >= parameter.group_count
),
grouped AS (
  SELECT one.loan_no, max(window_start.household_count) AS household_count
  FROM window_start
  INNER JOIN destination AS one ON one.destination = window_start.destination AND one.amount_yuan = window_start.amount_yuan
  CROSS JOIN parameter
  WHERE date_diff('day', window_start.issued_date, one.issued_date) BETWEEN 0 AND parameter.group_days
  GROUP BY one.loan_no
),
judged AS (
  SELECT
    loan.loan_no, loan.person_key, loan.household_id, loan.village_code, loan.amount_yuan, loan.dividend_yuan, grouped.household_count,
    coalesce(stranger.is_paid_to_company, FALSE) AS is_paid_to_company,
    coalesce(stranger.is_paid_to_other, FALSE) AS is_paid_to_other,
    coalesce(stranger.is_repaid_by_other, FALSE) AS is_repaid_by_other,
    coalesce(stranger.is_interest_by_company, FALSE) AS is_interest_by_company,
    coalesce(loan.dividend_yuan > 0 AND (loan.dividend_yuan * 100) % loan.amount_yuan = 0, FALSE) AS is_fixed_dividend
  FROM loan
  LEFT JOIN stranger ON stranger.loan_no = loan.loan_no
  LEFT JOIN grouped ON grouped.loan_no = loan.loan_no
  WHERE loan.is_open
)
SELECT
  judged.loan_no AS subject,
  judged.person_key,
  judged.household_id,
  judged.village_code,
  CASE
    WHEN judged.is_paid_to_company OR judged.is_paid_to_other OR judged.is_repaid_by_other OR judged.household_count IS NOT NULL OR judged.is_fixed_dividend
      THEN '命中'
    WHEN NOT feed.has_repayment THEN '无法判定'
    ELSE '未命中'
  END AS verdict,
  concat_ws(
    '、',
    CASE WHEN judged.is_paid_to_company THEN '资金付给单位' END,
    CASE WHEN judged.is_paid_to_other THEN '资金付给他人' END,
    CASE WHEN judged.is_interest_by_company THEN '单位代付利息' WHEN judged.is_repaid_by_other THEN '他人还款' END,
    CASE WHEN judged.household_count IS NOT NULL THEN '多户同期同额' END,
    CASE WHEN judged.is_fixed_dividend THEN '按贷款固定比例分红' END
  ) AS clue_basis,
  CAST(judged.amount_yuan AS DECIMAL(18, 2)) AS loan_amount_yuan,
  judged.household_count AS same_destination_household_count,
  CAST(judged.dividend_yuan AS DECIMAL(18, 2)) AS loan_dividend_yuan
FROM judged
CROSS JOIN feed
