-- T01 线上聚集
-- 一个乡镇刚好高于扶贫标准的户比上下相邻收入段多得反常，像是为了退出而填的数。
-- 政策依据: 北委发〔2019〕5号 一(二) 不赶时间进度、不搞冲刺。
-- Severity: 黄
-- Owner: fupinban
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: town（乡镇内全部建档立卡户）
-- Parameters: LINE_NAT_WORK, BUNCH_WIDTH, BUNCH_RATIO, BUNCH_MIN
-- Feeds: registry_household
-- Inputs: mart.fairness, ref.parameter, ref.run.
-- Limits: 只是分布反常，不指向任何一户。带内户数少于 BUNCH_MIN 的不算；恰好等于 BUNCH_RATIO 倍不算；相邻各带一户都没有而带内够多的算。
-- Tie-breaks: none; one row per town.
WITH parameter AS (
  SELECT
    max(CASE WHEN parameter.code = 'LINE_NAT_WORK' THEN parameter.value END) AS line,
    max(CASE WHEN parameter.code = 'BUNCH_WIDTH' THEN parameter.value END) AS bunch_width,
    max(CASE WHEN parameter.code = 'BUNCH_RATIO' THEN parameter.value END) AS wanted_ratio,
    max(CASE WHEN parameter.code = 'BUNCH_MIN' THEN parameter.value END) AS wanted_households
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
)
SELECT
  town.area_code AS subject,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS household_id,
  CAST(NULL AS VARCHAR) AS village_code,
  CASE
    WHEN town.fairness_state <> '已计算' THEN '无法判定'
    WHEN town.bunch_households >= parameter.wanted_households AND 4 * town.bunch_households > parameter.wanted_ratio * town.neighbour_households
      THEN '命中'
    ELSE '未命中'
  END AS verdict,
  town.bunch_households,
  town.neighbour_households,
  town.bunching_ratio,
  CAST(parameter.line AS DECIMAL(18, 2)) AS poverty_line_yuan
FROM mart.fairness AS town
CROSS JOIN parameter
WHERE town.area_level = '乡' AND town.area_code <> '不详'
