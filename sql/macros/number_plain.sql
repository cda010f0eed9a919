-- number_plain(raw)
-- 数字写法的整理：半角、去空白、去 ¥。
-- Grain: one cell.
SELECT
  replace(replace(replace(cell_plain(raw), ' ', ''), '¥', ''), '￥', '') AS value
FROM cell
