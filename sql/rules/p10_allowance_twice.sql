-- P10 城市低保与农村建档重复、一人两处低保
-- 建档立卡人口同时领城市低保，或者一个人在两份以上低保证上受保的。
-- 政策依据: 《社会救助暂行办法》（国务院令第649号）；北委发〔2019〕5号 二(一)5。
-- Severity: 橙
-- Owner: minzheng
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: person（在保的低保对象）
-- Scope: person_key
-- Parameters: none
-- Feeds: subsistence_allowance, registry_person
-- Inputs: core.safety_net_person.
-- Limits: 停发的不算。同一份证上的两行不算两处。已死亡的由 P04 查。
-- Tie-breaks: none.
SELECT
  CAST(person.person_key AS VARCHAR) AS subject,
  person.person_key,
  person.household_id,
  person.village_code,
  CASE WHEN person.allowance_count > 1 OR (person.is_urban_allowance AND person.is_registered) THEN '命中' ELSE '未命中' END AS verdict,
  CASE WHEN person.allowance_count > 1 THEN '一人在两处领低保' ELSE '领城市低保，又在农村建档' END AS clue_reason,
  person.allowance_count AS allowance_cert_count,
  person.is_urban_allowance
FROM core.safety_net_person AS person
WHERE person.allowance_count > 0 AND NOT person.is_dead
