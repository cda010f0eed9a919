-- text_problem(raw)
-- 文字为什么不能收：超过 Excel 单元格上限，或含控制字符。
-- Grain: one cell.
SELECT
  CASE
    WHEN strlen(raw) > 32767 THEN 'CELL_TOO_LONG'
    WHEN regexp_matches(raw, '[\x{01}-\x{08}\x{0B}\x{0C}\x{0E}-\x{1F}\x{7F}]') THEN 'CONTROL_CHAR'
  END AS value
FROM cell
