-- X08 村干部家庭
-- 建档立卡户的成员是现任村干部的，只提示核查。
-- 政策依据: 建档立卡错评剔除“十原则”；北委发〔2019〕5号 四(六) 严肃查处优亲厚友。
-- Severity: 黄
-- Owner: 乡镇
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: household（建档立卡共同生活户）
-- Scope: household_id = subject
-- Parameters: none
-- Feeds: village_cadre, registry_household, registry_person
-- Undone by: registry_household
-- Inputs: core.village_cadre_now, core.member, core.registry_household_now, ref.run.
-- Limits: 书记、主任、副职、两委委员、会计文书、村务监督委员会主任算，村民小组长和其他职务不算；已离任的不算。不论在哪个村任职。
--   当村干部不是错评：命中只提示核查。person_key 为任职的成员。
-- Tie-breaks: 几名成员任职时 person_key 取键最小的；职务取代码最小的。
WITH serving AS (
  SELECT
    member.household_id,
    min(member.person_key) AS cadre_key,
    min(cadre.cadre_post_code) AS cadre_post_code,
    count(DISTINCT member.person_key) AS cadre_count
  FROM core.village_cadre_now AS cadre
  INNER JOIN core.member AS member ON member.person_key = cadre.person_key
  CROSS JOIN ref.run AS run
  WHERE
    member.is_registered AND NOT member.is_deceased AND cadre.cadre_post_code IN ('1', '2', '3', '4', '5', '7') AND cadre.appointed_date <= run.as_of
    AND (cadre.left_date IS NULL OR cadre.left_date > run.as_of)
  GROUP BY member.household_id
)
SELECT
  household.household_id AS subject,
  coalesce(serving.cadre_key, household.person_key) AS person_key,
  household.household_id,
  household.village_code,
  CASE WHEN serving.household_id IS NOT NULL THEN '命中' ELSE '未命中' END AS verdict,
  '家有现任村干部，只提示核查' AS clue_reason,
  coalesce(serving.cadre_count, 0) AS cadre_count,
  serving.cadre_post_code
FROM core.registry_household_now AS household
LEFT JOIN serving ON serving.household_id = household.household_id
