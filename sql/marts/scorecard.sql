-- mart.scorecard
-- 部门、乡镇考核：每个单位每月的报送及时率、合格率、对接率、线索按期办结率、属实整改率、覆盖率变化，得分和名次。
-- Grain: one row per unit (department or township) and month.
-- 政策依据: 北委发〔2019〕5号 三(一)2 “数据考核”；D19 部门/乡镇考核。
-- Inputs: mart.scorecard_item.
-- Limits: 得分为能计分各分项之和，满分 100，保留两位小数；分项、权重、版本和不适用见 mart.scorecard_item。部门与部门、乡镇与乡镇在当月排名，得分相同的名次相同，
--   其后跳过相应名次。没有一项能计分的单位不排名，得分为空，不是零分。一个单位的答复、报送只改变它自己的得分，别人变的只有名次。
-- Tie-breaks: none; equal scores share a rank.
WITH summed AS (
  SELECT
    unit_kind, department, town_code, stat_month,
    max(unit_title) AS unit_title,
    max(formula_version) AS formula_version,
    max(CASE WHEN item_no = 1 THEN item_value END) AS timely_rate,
    max(CASE WHEN item_no = 2 THEN item_value END) AS accepted_rate,
    max(CASE WHEN item_no = 3 THEN item_value END) AS linked_rate,
    max(CASE WHEN item_no = 4 THEN item_value END) AS clue_in_time_rate,
    max(CASE WHEN item_no = 5 THEN item_value END) AS rectified_rate,
    max(CASE WHEN item_no = 6 THEN item_value END) AS coverage_change,
    count(item_points) AS scored_item_count,
    count(*) - count(item_points) AS unscored_item_count,
    CAST(sum(CAST(effective_weight AS DOUBLE) * CAST(item_points AS DOUBLE)) AS DECIMAL(9, 2)) AS score
  FROM mart.scorecard_item
  GROUP BY unit_kind, department, town_code, stat_month
)
SELECT
  unit_kind,
  department,
  town_code,
  stat_month,
  unit_title,
  formula_version,
  timely_rate,
  accepted_rate,
  linked_rate,
  clue_in_time_rate,
  rectified_rate,
  coverage_change,
  scored_item_count,
  unscored_item_count,
  score,
  CASE WHEN score IS NOT NULL THEN CAST(rank() OVER (PARTITION BY unit_kind, stat_month ORDER BY score DESC NULLS LAST) AS BIGINT) END AS score_rank,
  count(score) OVER (PARTITION BY unit_kind, stat_month) AS ranked_unit_count
FROM summed
