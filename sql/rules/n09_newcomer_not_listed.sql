-- N09 家庭新增人口未录入
-- 户籍上出生、婚迁到建档户超过六十天，建档名单里还没有的人。
-- 政策依据: 北委发〔2019〕5号 三(一)1 动态管理；《建档立卡动态管理办法》自然增加。
-- Severity: 黄
-- Owner: 乡镇
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: person（新增人口本人；户为同一户口簿上的建档立卡户）
-- Scope: person_key
-- Parameters: NEWCOMER_DAYS
-- Feeds: household_registration, registry_person, registry_household
-- Undone by: registry_household, registry_person
-- Inputs: core.household_registration_now, core.member, core.registry_household_now, ref.parameter, ref.run.
-- Limits: 只算建档户识别以后的出生（变动日期不详的用出生日期）和婚迁；识别时间或婚迁日期不详的无法判定。恰好满六十天不命中（“超过”）。
--   同一户口簿上有几个建档户的取户编号最小的一户，registered_household_count 写明几户。死亡、迁出、注销的不算。
-- Tie-breaks: 几个建档户取户编号最小的。
WITH parameter AS (
  SELECT max(CASE WHEN parameter.code = 'NEWCOMER_DAYS' THEN parameter.value END) AS days
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
home AS (
  SELECT
    hukou_no,
    min(household_id) AS household_id,
    count(DISTINCT household_id) AS registered_household_count
  FROM core.member
  WHERE is_registered AND hukou_no IS NOT NULL AND household_id IS NOT NULL
  GROUP BY hukou_no
),
arrived AS (
  SELECT
    register.person_key,
    home.household_id,
    home.registered_household_count,
    household.village_code,
    household.identified_month,
    register.change_code,
    CASE WHEN register.change_code = '1' THEN coalesce(register.change_date, register.birth_date) ELSE register.change_date END AS arrived_date
  FROM core.household_registration_now AS register
  INNER JOIN home ON home.hukou_no = register.hukou_no
  INNER JOIN core.registry_household_now AS household ON household.household_id = home.household_id
  WHERE register.change_code IN ('1', '6') AND register.death_date IS NULL
)
SELECT
  CAST(arrived.person_key AS VARCHAR) AS subject,
  arrived.person_key,
  arrived.household_id,
  arrived.village_code,
  CASE
    WHEN member.is_registered THEN '未命中'
    WHEN arrived.arrived_date IS NULL OR arrived.identified_month IS NULL THEN '无法判定'
    WHEN date_diff('day', arrived.arrived_date, run.as_of) > parameter.days THEN '命中'
    ELSE '未命中'
  END AS verdict,
  CASE WHEN arrived.change_code = '1' THEN '建档户新生儿未录入' ELSE '嫁入建档户的人未录入' END AS clue_reason,
  arrived.arrived_date,
  CASE WHEN arrived.change_code = '1' THEN '出生' ELSE '婚迁' END AS arrival_kind,
  arrived.registered_household_count
FROM arrived
INNER JOIN core.member AS member ON member.person_key = arrived.person_key
CROSS JOIN parameter
CROSS JOIN ref.run
WHERE arrived.arrived_date IS NULL OR arrived.identified_month IS NULL OR arrived.arrived_date >= arrived.identified_month
