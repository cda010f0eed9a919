-- core.resident
-- 户籍人口：公安户籍名单里的每个人，是否农村人口、是否仍在册、是否登记死亡。
-- Grain: one row per person_key.
-- Scope: person_key
-- Kept as: view (one scan of a list that is stored already).
-- 政策依据: 北委发〔2019〕5号 三(一)3 贫困发生率的分母为农村户籍人口。
-- Inputs: core.household_registration_now.
-- Limits: 户口性质为“居民”或空白时，按统计用区划代码第 10 位判断城乡：2、3、5 为村委会，其余为居委会。
--   登记为死亡、迁出、注销的不算在册。空挂户、双重户籍看不出来。
-- Tie-breaks: none; the list's key is the citizen id, hence the person.
SELECT
  person_key,
  hukou_no,
  village_code,
  sex_code,
  birth_date,
  death_date IS NOT NULL OR coalesce(change_code = '2', FALSE) AS is_deceased,
  death_date IS NULL AND coalesce(change_code NOT IN ('2', '4', '5'), TRUE) AS is_on_register,
  CASE
    WHEN hukou_nature_code = '1' THEN TRUE
    WHEN hukou_nature_code = '2' THEN FALSE
    ELSE coalesce(substr(village_code, 10, 1) IN ('2', '3', '5'), FALSE)
  END AS is_rural
FROM core.household_registration_now
WHERE person_key IS NOT NULL
