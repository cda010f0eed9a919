-- cell_is_null(raw)
-- 是否等于没有填：空白、无、/、\、-、null、NA、暂无、不详、—。
-- Grain: one cell.  Limit: 0 is a value, never a null.
-- A pattern and not an IN list: DuckDB makes a join of a long list, which is then asked of every cell even inside a CASE.
SELECT
  raw IS NULL OR strlen(raw) = 0
  OR (strlen(raw) <= 16 AND regexp_full_match(raw, '[\s　\x{00A0}]*(无|/|\\|-|－|—|——|--|暂无|不详|空|(?i:null|na|n/a|none))?[\s　\x{00A0}]*')) AS value
FROM cell
