-- core.archive_best
-- 每个单位每种材料归得最好的一份：各年度的，以及不论年度（match_year 为 0）的。
-- Grain: one row per unit, level, archive type and match_year (a document's own year, and 0).
-- 政策依据: 北委发〔2019〕5号 二(一)4 “一户一档…县乡村户四级档案留存”。
-- Inputs: core.archive_file.
-- Limits: 同一种材料有几份时取最好的一份。
-- Tie-breaks: of equally good documents the one with the smallest number.
WITH listed AS (
  SELECT unit_no, document_no, archive_level_code, archive_type_code, document_year AS match_year, document_state, is_shared, filed_date, checked_date
  FROM core.archive_file
  UNION ALL
  SELECT unit_no, document_no, archive_level_code, archive_type_code, 0, document_state, is_shared, filed_date, checked_date
  FROM core.archive_file
),
ranked AS (
  SELECT
    listed.*,
    row_number() OVER (
      PARTITION BY unit_no, archive_level_code, archive_type_code, match_year
      ORDER BY
        CASE document_state WHEN '完好' THEN 0 WHEN '与他户相同' THEN 1 WHEN '页数为零' THEN 2 WHEN '校验失败' THEN 3 ELSE 4 END, document_no
    ) AS place
  FROM listed
)
SELECT unit_no, archive_level_code, archive_type_code, match_year, document_state, is_shared, filed_date, checked_date
FROM ranked
WHERE place = 1
