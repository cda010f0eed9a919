-- text_is_void(raw)
-- 没有可疑字符的文字：是否等于没填，或过长。
-- Grain: one cell.  The words for nothing are those of cell_is_null; equality by CASE, since DuckDB makes a join of a long IN list.
SELECT
  (strlen(raw) <= 6 AND (
    CASE raw WHEN '无' THEN TRUE WHEN '/' THEN TRUE WHEN '\' THEN TRUE WHEN '-' THEN TRUE WHEN '－' THEN TRUE WHEN '—' THEN TRUE
      WHEN '——' THEN TRUE WHEN '--' THEN TRUE WHEN '暂无' THEN TRUE WHEN '不详' THEN TRUE WHEN '空' THEN TRUE WHEN '' THEN TRUE ELSE FALSE END
    OR ((starts_with(raw, 'n') OR starts_with(raw, 'N')) AND cell_is_null(raw))))
  OR strlen(raw) > 32767 AS value
FROM cell
