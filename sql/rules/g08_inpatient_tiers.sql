-- G08 住院多重保障未落实
-- 建档立卡人口住院，应有的某一层保障没有支付，或县域内实际报销比例低于目标五个百分点以上，或各层支付与费用不平的。
-- 政策依据: 北委发〔2019〕5号 二(一)3 “基本医疗保险、大病保险、医疗救助和医疗补充保险等多重保障”“按规定减免”。
-- Severity: 橙
-- Owner: yibao
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: person（户内成员，按人判断）
-- Scope: person_key
-- Parameters: MED_RATIO, MED_RATIO_TOLERANCE
-- Feeds: health_settlement, registry_person, registry_household
-- Undone by: health_settlement
-- Inputs: core.inpatient.
-- Limits: 近十二个月的住院，逐次判断，见 core.inpatient；有一次有问题即命中，没有命中而有一次费用项目不全或不知是否县域内的无法判定。脱贫属性为“不再享受政策”的不在内。
-- Tie-breaks: 几次住院有问题时，证据取报销比例最低的数字；理由取入院最早、再按文字次序最前的一次。
WITH stay AS (
  SELECT
    person_key, household_id, village_code, admitted_date, policy_ratio, eligible_yuan, tier_paid_yuan, settlement_basis,
    settlement_basis NOT IN ('逐层到位', '费用项目不全', '是否县域内不详', '参数未录入') AS is_flawed,
    settlement_basis IN ('费用项目不全', '是否县域内不详') AS is_unclear
  FROM core.inpatient
  WHERE poverty_status_code IN ('0', '1', '2', '3')
),
ranked AS (
  SELECT
    person_key, household_id, village_code, admitted_date, policy_ratio, settlement_basis,
    row_number() OVER (
      PARTITION BY person_key
      ORDER BY CASE WHEN is_flawed THEN 0 WHEN is_unclear THEN 1 ELSE 2 END, admitted_date, settlement_basis, policy_ratio
    ) AS choice
  FROM stay
),
summed AS (
  SELECT
    person_key,
    count(*) AS inpatient_count,
    count(CASE WHEN is_flawed THEN 1 END) AS flawed_count,
    count(CASE WHEN is_unclear THEN 1 END) AS unclear_count,
    min(CASE WHEN is_flawed THEN policy_ratio END) AS lowest_ratio,
    sum(eligible_yuan) AS eligible_yuan,
    sum(tier_paid_yuan) AS tier_paid_yuan
  FROM stay
  GROUP BY person_key
)
SELECT
  CAST(ranked.person_key AS VARCHAR) AS subject,
  ranked.person_key,
  ranked.household_id,
  ranked.village_code,
  CASE
    WHEN summed.flawed_count > 0 THEN '命中'
    WHEN summed.unclear_count > 0 THEN '无法判定'
    ELSE '未命中'
  END AS verdict,
  ranked.settlement_basis,
  ranked.admitted_date,
  summed.inpatient_count,
  summed.flawed_count,
  summed.lowest_ratio,
  CAST(summed.eligible_yuan AS DECIMAL(18, 2)) AS eligible_yuan,
  CAST(summed.tier_paid_yuan AS DECIMAL(18, 2)) AS tier_paid_yuan
FROM ranked
INNER JOIN summed ON summed.person_key = ranked.person_key
WHERE ranked.choice = 1
