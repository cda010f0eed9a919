-- L09 展期、续贷异常
-- 扶贫小额信贷展期续贷不止一次，展期续贷后到期日超过政策期，或以同日同额新贷掩盖逾期的。
-- 政策依据: 银监发〔2017〕42号 规范续贷和展期；银保监发〔2020〕28号；北委发〔2019〕5号 三(二)2 无还本续贷、展期。
-- Severity: 黄
-- Owner: yinhang
-- Version: 1，2014-12-01 至 9999-12-31
-- Subject: loan（借款人所在的建档立卡户）
-- Parameters: LOAN_RENEW_MAX, LOAN_POLICY_END
-- Feeds: bank_loan
-- Inputs: core.loan, ref.parameter, ref.run.
-- Limits: 只看没有结清的扶贫小额信贷。次数取银行所填次数和借据链（原借据号）中较大的；标为展期续贷而两者都没有的按一次计，次数可能更多，无法判定。
--   同日同额：同一户的旧借据在新借据发放当天结清，金额相同，并且旧借据已经逾期（结清晚于到期日、有逾期起日或五级分类为次级以下）；没有逾期的无还本续贷是允许的。
-- Tie-breaks: none; flags are taken over all older notes.
WITH parameter AS (
  SELECT
    max(CASE WHEN parameter.code = 'LOAN_RENEW_MAX' THEN parameter.value END) AS renew_max,
    max(CASE WHEN parameter.code = 'LOAN_POLICY_END' THEN parameter.value END) AS policy_end
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
hiding AS (
  SELECT loan.loan_no
  FROM core.loan AS loan
  INNER JOIN core.loan AS older
    ON older.household_id = loan.household_id AND older.settled_date = loan.issued_date AND older.amount_yuan = loan.amount_yuan
  WHERE older.loan_no <> loan.loan_no
    AND (older.settled_date > older.due_date OR older.overdue_from_date IS NOT NULL OR coalesce(older.class_code, '1') IN ('3', '4', '5'))
  GROUP BY loan.loan_no
),
renewed AS (
  SELECT
    loan.loan_no, loan.person_key, loan.household_id, loan.village_code, loan.due_date, coalesce(loan.is_extended, FALSE) AS is_extended,
    greatest(
      coalesce(loan.extension_count, 0),
      CASE WHEN older.original_loan_no IS NOT NULL THEN 2 WHEN loan.original_loan_no IS NOT NULL THEN 1 ELSE 0 END,
      CASE WHEN loan.is_extended THEN 1 ELSE 0 END
    ) AS renewal_count,
    loan.extension_count IS NULL AND loan.original_loan_no IS NULL AS is_count_unknown,
    hiding.loan_no IS NOT NULL AS is_hiding
  FROM core.loan AS loan
  LEFT JOIN core.loan AS older ON older.loan_no = loan.original_loan_no
  LEFT JOIN hiding ON hiding.loan_no = loan.loan_no
  WHERE loan.product_code = '1' AND loan.is_open
),
judged AS (
  SELECT
    renewed.*,
    renewal_count > parameter.renew_max AS is_too_often,
    renewal_count > 0 AND extract(YEAR FROM due_date) * 10000 + extract(MONTH FROM due_date) * 100 + extract(DAY FROM due_date) > parameter.policy_end AS is_too_late
  FROM renewed
  CROSS JOIN parameter
)
SELECT
  loan_no AS subject,
  person_key,
  household_id,
  village_code,
  CASE
    WHEN is_too_often OR is_too_late OR is_hiding THEN '命中'
    WHEN is_extended AND is_count_unknown THEN '无法判定'
    ELSE '未命中'
  END AS verdict,
  concat_ws(
    '、',
    CASE WHEN is_too_often THEN '展期续贷不止一次' END,
    CASE WHEN is_too_late THEN '到期日超过政策期' END,
    CASE WHEN is_hiding THEN '同日同额新贷掩盖逾期' END
  ) AS clue_basis,
  renewal_count,
  due_date AS loan_due_date
FROM judged
