-- id_plain(raw)
-- 证件号码的文字整理：半角、大写、去掉一切空白，尾号 × 视为 X。
-- Grain: one cell that is no sound 18-digit number as written.
SELECT
  replace(replace(upper(cell_plain(raw)), ' ', ''), '×', 'X') AS value
FROM cell
