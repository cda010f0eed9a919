-- explain.clue_handling
-- 线索处置的每个数是哪些线索；未采用的答复是哪几份。
-- Inputs: core.clue_state, core.clue_answer.
-- Limits: record 为线索编号；未采用的答复后面还有它所依据的状态令牌。
-- Derived: median_days = days_to_conclusion 的中位数; confirmed_share = confirmed_count ÷ concluded_count
WITH clue AS (
  SELECT
    state.*,
    CASE WHEN state.owner = '乡镇' THEN state.town_code END AS unit_town_code,
    CAST(date_trunc('month', state.opened_on) AS DATE) AS opened_month
  FROM core.clue_state AS state
),
listed AS (
  SELECT 'new_count' AS figure, clue.*, clue.clue_id AS record FROM clue
  UNION ALL
  SELECT 'open_count' AS figure, clue.*, clue.clue_id AS record FROM clue WHERE clue.is_open
  UNION ALL
  SELECT 'closed_count' AS figure, clue.*, clue.clue_id AS record FROM clue WHERE NOT clue.is_open
  UNION ALL
  SELECT 'overdue_count' AS figure, clue.*, clue.clue_id AS record FROM clue WHERE clue.is_overdue
  UNION ALL
  SELECT 'concluded_count' AS figure, clue.*, clue.clue_id AS record FROM clue WHERE clue.conclusion_code IN ('0', '1')
  UNION ALL
  SELECT 'confirmed_count' AS figure, clue.*, clue.clue_id AS record FROM clue WHERE clue.conclusion_code = '1'
  UNION ALL
  SELECT 'refuted_count' AS figure, clue.*, clue.clue_id AS record FROM clue WHERE clue.conclusion_code = '0'
  UNION ALL
  SELECT 'rectified_count' AS figure, clue.*, clue.clue_id AS record FROM clue WHERE clue.handling_code = '2'
  UNION ALL
  SELECT 'frozen_count' AS figure, clue.*, clue.clue_id AS record FROM clue WHERE clue.is_frozen
  UNION ALL
  SELECT 'found_again_count' AS figure, clue.*, clue.clue_id AS record FROM clue WHERE clue.is_found_again
  UNION ALL
  SELECT 'unadopted_count' AS figure, clue.*, clue.clue_id || ' ' || answer.based_on AS record
  FROM clue
  INNER JOIN core.clue_answer AS answer
    ON answer.clue_id = clue.clue_id AND CAST(regexp_extract(answer.based_on, '^k([0-9]+)-', 1) AS BIGINT) = clue.round
  WHERE answer.unadopted_reason IS NOT NULL
)
SELECT
  rule_id,
  owner,
  unit_town_code AS town_code,
  opened_month,
  figure,
  household_id,
  person_key,
  record,
  CAST(NULL AS DECIMAL(18, 2)) AS amount
FROM listed
