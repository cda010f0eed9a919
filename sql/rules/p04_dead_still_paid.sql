-- P04 死亡仍领取待遇
-- 已死亡的人在死亡次月以后仍有养老金、低保金、特困供养金、残疾人补贴或一卡通补贴发放的。
-- 政策依据: 北委发〔2019〕5号 四(六) 严肃查处虚报冒领；《社会保险法》第八十八条；《社会救助暂行办法》。
-- Severity: 红
-- Owner: 乡镇
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: person（户籍、死亡证明或火化登记为死亡的人）
-- Scope: person_key
-- Parameters: none
-- Feeds: household_registration|death|cremation, pension_payment|card_payment|subsistence_allowance|special_hardship|disability
-- Inputs: core.deceased, core.pension_payment_now, core.card_payment_now, core.subsistence_allowance_now, core.special_hardship_now,
--   core.disability_now.
-- Limits: 养老金按所属月份，一卡通按发放日期，只算成功的，养老金追回的相抵，全部追回的不命中。低保、特困、残疾人补贴按名单：数据月份已过死亡月份而
--   没有停发，或停发年月晚于死亡次月。死亡当月的不算。死亡日期取最早的，不详的无法判定。未到的数据源里的发放看不到。
--   低保金按保障人口分到人，金额为推算。用已故的人的名字领土地补贴的同样命中。
-- Tie-breaks: none (sums and counts only).
WITH dead AS (
  SELECT person_key, CAST(date_trunc('month', death_date) AS DATE) AS death_month
  FROM core.deceased
  WHERE death_date IS NOT NULL
),
paid AS (
  SELECT
    dead.person_key,
    'pension' AS benefit,
    CASE WHEN payment.payment_kind_code = '4' THEN -abs(payment.amount_yuan) ELSE payment.amount_yuan END AS amount_yuan
  FROM core.pension_payment_now AS payment
  INNER JOIN dead ON dead.person_key = payment.person_key
  WHERE coalesce(payment.payout_code, '1') = '1' AND payment.benefit_month > dead.death_month
  UNION ALL
  SELECT dead.person_key, 'card' AS benefit, payment.amount_yuan
  FROM core.card_payment_now AS payment
  INNER JOIN dead ON dead.person_key = payment.person_key
  WHERE payment.payout_code = '1' AND date_trunc('month', payment.payout_date) > dead.death_month
  UNION ALL
  SELECT
    dead.person_key,
    'allowance' AS benefit,
    allowance.monthly_allowance_yuan / greatest(coalesce(CASE WHEN allowance.coverage_code = '1' THEN allowance.covered_count END, 1), 1)
    * date_diff('month', dead.death_month, least(allowance.data_date, coalesce(allowance.benefit_stop_month - INTERVAL 1 MONTH, allowance.data_date)))
  FROM core.subsistence_allowance_now AS allowance
  INNER JOIN dead ON dead.person_key = allowance.person_key
  WHERE date_diff('month', dead.death_month, least(allowance.data_date, coalesce(allowance.benefit_stop_month - INTERVAL 1 MONTH, allowance.data_date))) > 0
  UNION ALL
  SELECT
    dead.person_key,
    'hardship' AS benefit,
    hardship.monthly_support_yuan
    * date_diff('month', dead.death_month, least(hardship.data_date, coalesce(hardship.benefit_stop_month - INTERVAL 1 MONTH, hardship.data_date)))
  FROM core.special_hardship_now AS hardship
  INNER JOIN dead ON dead.person_key = hardship.person_key
  WHERE date_diff('month', dead.death_month, least(hardship.data_date, coalesce(hardship.benefit_stop_month - INTERVAL 1 MONTH, hardship.data_date))) > 0
  UNION ALL
  SELECT
    dead.person_key,
    'disability' AS benefit,
    card.living_subsidy_yuan
    * date_diff('month', dead.death_month, least(card.data_date, coalesce(card.living_subsidy_end_month - INTERVAL 1 MONTH, card.data_date)))
  FROM core.disability_now AS card
  INNER JOIN dead ON dead.person_key = card.person_key
  WHERE
    card.living_subsidy_yuan > 0
    AND date_diff('month', dead.death_month, least(card.data_date, coalesce(card.living_subsidy_end_month - INTERVAL 1 MONTH, card.data_date))) > 0
  UNION ALL
  SELECT
    dead.person_key,
    'disability' AS benefit,
    card.nursing_subsidy_yuan
    * date_diff('month', dead.death_month, least(card.data_date, coalesce(card.nursing_subsidy_end_month - INTERVAL 1 MONTH, card.data_date)))
  FROM core.disability_now AS card
  INNER JOIN dead ON dead.person_key = card.person_key
  WHERE
    card.nursing_subsidy_yuan > 0
    AND date_diff('month', dead.death_month, least(card.data_date, coalesce(card.nursing_subsidy_end_month - INTERVAL 1 MONTH, card.data_date))) > 0
),
summed AS (
  SELECT
    person_key,
    sum(amount_yuan) AS paid_after_death_yuan,
    sum(CASE WHEN benefit = 'pension' THEN amount_yuan ELSE 0 END) AS pension_after_death_yuan,
    sum(CASE WHEN benefit = 'card' THEN amount_yuan ELSE 0 END) AS card_after_death_yuan,
    sum(CASE WHEN benefit IN ('allowance', 'hardship', 'disability') THEN amount_yuan ELSE 0 END) AS support_after_death_yuan
  FROM paid
  GROUP BY person_key
)
SELECT
  CAST(deceased.person_key AS VARCHAR) AS subject,
  deceased.person_key,
  member.household_id,
  member.village_code,
  CASE
    WHEN deceased.death_date IS NULL THEN '无法判定'
    WHEN summed.paid_after_death_yuan > 0 THEN '命中'
    ELSE '未命中'
  END AS verdict,
  '死亡以后仍在发放待遇' AS clue_reason,
  deceased.death_date,
  CAST(coalesce(summed.paid_after_death_yuan, 0) AS DECIMAL(18, 2)) AS paid_after_death_yuan,
  CAST(coalesce(summed.pension_after_death_yuan, 0) AS DECIMAL(18, 2)) AS pension_after_death_yuan,
  CAST(coalesce(summed.card_after_death_yuan, 0) AS DECIMAL(18, 2)) AS card_after_death_yuan,
  CAST(coalesce(summed.support_after_death_yuan, 0) AS DECIMAL(18, 2)) AS support_after_death_yuan
FROM core.deceased AS deceased
LEFT JOIN core.member AS member ON member.person_key = deceased.person_key
LEFT JOIN summed ON summed.person_key = deceased.person_key
