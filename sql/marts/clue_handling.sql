-- mart.clue_handling
-- 线索处置：每条规则、每个核查单位、每个发现月份的线索，办到哪一步，属实率多少。
-- Grain: one row per rule, owner, township (only where the township verifies) and month in which the clues were found.
-- 政策依据: 北委发〔2019〕5号 三(一)2 “数据考核”；D10 线索处置（反馈）。
-- Inputs: core.clue_state, ref.division, ref.department.
-- Limits: 按发现月份归组，数的是轮次：消除后再发现的另计一条，以前各轮的结论照旧保留，所以往月的“新增”不会因后来的变化而减少。各数为到运行日的情况。
--   恒等式: new_count = open_count + closed_count；concluded_count = confirmed_count + refuted_count。
--   confirmed_share（规则准确率）= 属实 ÷ 已核，保留 8 位小数；没有已核的为空。median_days 只算有结论且日期不早于发现的。
-- Tie-breaks: none (counts and a median).
WITH town AS (
  SELECT town_code, max(town_name) AS town
  FROM ref.division
  GROUP BY town_code
),
summed AS (
  SELECT
    rule_id,
    owner,
    CASE WHEN owner = '乡镇' THEN town_code END AS town_code,
    CAST(date_trunc('month', opened_on) AS DATE) AS opened_month,
    max(severity) AS severity,
    count(*) AS new_count,
    count(*) FILTER (WHERE is_open) AS open_count,
    count(*) FILTER (WHERE NOT is_open) AS closed_count,
    count(*) FILTER (WHERE is_overdue) AS overdue_count,
    count(*) FILTER (WHERE conclusion_code IN ('0', '1')) AS concluded_count,
    count(*) FILTER (WHERE conclusion_code = '1') AS confirmed_count,
    count(*) FILTER (WHERE conclusion_code = '0') AS refuted_count,
    count(*) FILTER (WHERE handling_code = '2') AS rectified_count,
    count(*) FILTER (WHERE is_frozen) AS frozen_count,
    count(*) FILTER (WHERE is_found_again) AS found_again_count,
    CAST(sum(unadopted_count) AS BIGINT) AS unadopted_count,
    CAST(median(days_to_conclusion) AS DECIMAL(12, 1)) AS median_days
  FROM core.clue_state
  GROUP BY rule_id, owner, CASE WHEN owner = '乡镇' THEN town_code END, CAST(date_trunc('month', opened_on) AS DATE)
)
SELECT
  summed.rule_id,
  summed.owner,
  summed.town_code,
  summed.opened_month,
  coalesce(department.department_title, town.town, summed.owner) AS owner_title,
  summed.severity,
  summed.new_count,
  summed.open_count,
  summed.closed_count,
  summed.overdue_count,
  summed.concluded_count,
  summed.confirmed_count,
  summed.refuted_count,
  summed.rectified_count,
  summed.frozen_count,
  summed.found_again_count,
  summed.unadopted_count,
  summed.median_days,
  CASE
    WHEN summed.concluded_count > 0
      THEN CAST(CAST(summed.confirmed_count AS DOUBLE) / summed.concluded_count AS DECIMAL(12, 8))
  END AS confirmed_share
FROM summed
LEFT JOIN ref.department AS department ON department.department = summed.owner
LEFT JOIN town ON town.town_code = summed.town_code
