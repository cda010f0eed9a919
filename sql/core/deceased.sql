-- core.deceased
-- 已故人员：户籍、死亡医学证明、火化登记任一说已死亡的每个人，最早的死亡日期和说法来自哪里。
-- Grain: one row per person_key that any of the three lists calls dead.
-- Scope: person_key
-- 政策依据: 北委发〔2019〕5号 三(一)1 动态管理（自然减少）、四(六) 严肃查处虚报冒领。
-- Inputs: core.household_registration_now, core.death_now, core.cremation_now.
-- Limits: 户籍没有死亡日期的取死亡注销的变动日期，火化没有死亡日期的取火化日期，都没有的 death_date 为空。各处日期不一时取最早的，最晚的另列。
-- Tie-breaks: none (minimum and maximum only).
WITH said AS (
  SELECT person_key, coalesce(death_date, CASE WHEN change_code = '2' THEN change_date END) AS death_date, '户籍' AS said_by
  FROM core.household_registration_now
  WHERE death_date IS NOT NULL OR change_code = '2'
  UNION ALL
  SELECT person_key, death_date, '死亡证明' AS said_by
  FROM core.death_now
  UNION ALL
  SELECT person_key, coalesce(death_date, cremated_date) AS death_date, '火化' AS said_by
  FROM core.cremation_now
)
SELECT
  person_key,
  min(death_date) AS death_date,
  max(death_date) AS latest_death_date,
  count(DISTINCT said_by) AS death_source_count,
  max(CASE WHEN said_by = '户籍' THEN 1 ELSE 0 END) = 1 AS is_death_on_register
FROM said
WHERE person_key IS NOT NULL
GROUP BY person_key
