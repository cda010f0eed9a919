-- G13 饮水不安全或困难
-- 已经脱贫的户登记饮水不安全或者饮水困难的。
-- 政策依据: 北委发〔2019〕5号 三(一)3 “脱贫户实现两不愁、三保障”，二(二)4 饮水安全；建档立卡数据核查项（脱贫户饮水不安全、困难）。
-- Severity: 红
-- Owner: 乡镇
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: household（建档立卡共同生活户）
-- Scope: household_id = subject
-- Parameters: none
-- Feeds: registry_household
-- Undone by: registry_household
-- Inputs: core.registry_household_now.
-- Limits: 两项任一不达标即命中；没有不达标而有一项没有填的无法判定。没有脱贫的户见两不愁三保障覆盖表。
-- Tie-breaks: none.
SELECT
  household.household_id AS subject,
  household.person_key,
  household.household_id,
  household.village_code,
  CASE
    WHEN NOT household.is_water_safe OR household.is_water_difficult THEN '命中'
    WHEN household.is_water_safe IS NULL OR household.is_water_difficult IS NULL THEN '无法判定'
    ELSE '未命中'
  END AS verdict,
  household.poverty_status_code,
  household.is_water_safe,
  household.is_water_difficult
FROM core.registry_household_now AS household
WHERE household.poverty_status_code IN ('1', '4')
