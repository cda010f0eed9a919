-- F06 到户资金收款人异常
-- 到户的钱付给了受益户以外的人，几户共用一个账户，付给已死亡的人，或付到村干部、财政供养人员名下的。
-- 政策依据: 北委发〔2019〕5号 三(二)1“到户到人的资金落到实处”、四(六) 贪污挪用、截留私分、虚报冒领。
-- Severity: 红
-- Owner: caizheng
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: payment（受益人所在的建档立卡户）
-- Parameters: ACCOUNT_HOUSEHOLDS
-- Feeds: fund_payment, project, project_beneficiary, registry_household, registry_person, household_registration|death|cremation
-- May use: village_cadre, public_payroll
-- Undone by: project_beneficiary, registry_household, registry_person
-- Inputs: core.fund_voucher, core.project_benefit, core.registry_person_now, core.registry_household_now, core.deceased,
--   core.village_cadre_now, core.public_payroll_now, ref.parameter, ref.run.
-- Limits: 到户的钱见 core.fund_voucher；红冲的不判。代发单位（银行、信用社、邮储、财政、乡镇政府）不算收款人异常。收款人是受益户的成员（按姓名，或账号就是受益户登记的账号）的
--   不算；一个项目里同名的受益人分不清，按家庭都算。共用账户按不同受益户计。死亡日期早于付款日期的才算；村干部和财政供养人员按收款人
--   姓名比对，名单上只有一人叫这个名字、本人又不在受益户里时才注明；他们的账号没有数据源。
-- Tie-breaks: 受益户取户编号最小的一户作为凭证所属的户。
WITH parameter AS (
  SELECT max(CASE WHEN parameter.code = 'ACCOUNT_HOUSEHOLDS' THEN parameter.value END) AS account_households
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
voucher AS (
  SELECT
    voucher_no, project_no, payment_date, payment_yuan, bank_account,
    translate(payee, '閆闫呂劉於·•', '阎阎吕刘于') AS payee_name,
    regexp_matches(payee, '银行|信用社|信用合作|邮储|邮政储蓄|财政(局|所)|人民政府|镇政府|乡政府|街道办事处|代发') AS is_agency,
    regexp_matches(payee, '村(民)?(委|委员)会|村集体|村合作社|合作社|公司|厂|中心') AS is_organisation
  FROM core.fund_voucher
  WHERE is_to_household AND NOT is_reversed
),
paid_project AS (
  SELECT project_no
  FROM voucher
  GROUP BY project_no
),
-- Whoever belongs to a household that is to get money from the project.
beneficiary AS (
  SELECT benefit.project_no, benefit.household_id, benefit.person_key, translate(benefit.name, '閆闫呂劉於·•', '阎阎吕刘于') AS name
  FROM core.project_benefit AS benefit
  INNER JOIN paid_project ON paid_project.project_no = benefit.project_no
  WHERE benefit.benefit_way_code = '1'
),
household AS (
  SELECT project_no, household_id
  FROM beneficiary
  WHERE household_id IS NOT NULL
  GROUP BY project_no, household_id
),
family AS (
  SELECT project_no, household_id, person_key, name
  FROM beneficiary
  UNION
  SELECT household.project_no, household.household_id, person.person_key, translate(person.name, '閆闫呂劉於·•', '阎阎吕刘于') AS name
  FROM household
  INNER JOIN core.registry_person_now AS person ON person.household_id = household.household_id
),
own_account AS (
  SELECT household.project_no, household.household_id, registered.bank_account
  FROM household
  INNER JOIN core.registry_household_now AS registered ON registered.household_id = household.household_id
  WHERE registered.bank_account IS NOT NULL
),
payee AS (
  SELECT
    voucher.voucher_no,
    min(family.household_id) AS household_id,
    count(DISTINCT family.person_key) AS person_count,
    min(family.person_key) AS person_key,
    min(CASE WHEN deceased.latest_death_date < voucher.payment_date THEN 1 ELSE 0 END) = 1 AS is_dead
  FROM voucher
  INNER JOIN family ON family.project_no = voucher.project_no AND family.name = voucher.payee_name
  LEFT JOIN core.deceased AS deceased ON deceased.person_key = family.person_key
  GROUP BY voucher.voucher_no
),
by_account AS (
  SELECT voucher.voucher_no, min(own_account.household_id) AS household_id
  FROM voucher
  INNER JOIN own_account ON own_account.project_no = voucher.project_no AND own_account.bank_account = voucher.bank_account
  GROUP BY voucher.voucher_no
),
shared AS (
  SELECT voucher.bank_account, count(DISTINCT payee.household_id) AS household_count
  FROM voucher
  INNER JOIN payee ON payee.voucher_no = voucher.voucher_no
  WHERE NOT voucher.is_agency
  GROUP BY voucher.bank_account
),
listed AS (
  SELECT translate(name, '閆闫呂劉於·•', '阎阎吕刘于') AS name, person_key, '村干部' AS post
  FROM core.village_cadre_now
  WHERE left_date IS NULL
  UNION ALL
  SELECT translate(name, '閆闫呂劉於·•', '阎阎吕刘于') AS name, person_key, '财政供养人员' AS post
  FROM core.public_payroll_now
),
-- A name that is one person's on the lists.
official AS (
  SELECT name, max(post) AS post
  FROM listed
  GROUP BY name
  HAVING count(DISTINCT person_key) = 1
),
judged AS (
  SELECT
    voucher.voucher_no, voucher.payment_date, voucher.payment_yuan, voucher.project_no, voucher.is_organisation,
    CASE WHEN payee.person_count = 1 THEN payee.person_key END AS person_key,
    coalesce(payee.household_id, by_account.household_id) AS household_id,
    shared.household_count,
    NOT voucher.is_agency AND payee.voucher_no IS NULL AND by_account.voucher_no IS NULL AS is_stranger,
    NOT voucher.is_agency AND payee.voucher_no IS NULL AND by_account.voucher_no IS NULL AND official.name IS NOT NULL AS is_official,
    official.post,
    coalesce(payee.is_dead, FALSE) AS is_dead,
    NOT voucher.is_agency AND coalesce(shared.household_count >= parameter.account_households, FALSE) AS is_account_shared
  FROM voucher
  CROSS JOIN parameter
  LEFT JOIN payee ON payee.voucher_no = voucher.voucher_no
  LEFT JOIN by_account ON by_account.voucher_no = voucher.voucher_no
  LEFT JOIN shared ON shared.bank_account = voucher.bank_account
  LEFT JOIN official ON official.name = voucher.payee_name
)
SELECT
  judged.voucher_no AS subject,
  judged.person_key,
  judged.household_id,
  household.village_code,
  CASE WHEN judged.is_stranger OR judged.is_dead OR judged.is_account_shared THEN '命中' ELSE '未命中' END AS verdict,
  concat_ws(
    '、',
    CASE
      WHEN judged.is_stranger AND judged.is_organisation THEN '付给村集体或单位'
      WHEN judged.is_official THEN '收款人不是受益户、可能为' || judged.post
      WHEN judged.is_stranger THEN '收款人不是受益户'
    END,
    CASE WHEN judged.is_account_shared THEN '几户共用一个账户' END,
    CASE WHEN judged.is_dead THEN '收款人已死亡' END
  ) AS clue_basis,
  judged.payment_yuan,
  judged.payment_date,
  judged.household_count AS account_household_count
FROM judged
LEFT JOIN core.registry_household_now AS household ON household.household_id = judged.household_id
