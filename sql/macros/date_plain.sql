-- date_plain(raw)
-- 日期写法统一成 Y-M-D / Y-M / Y / 数字：汉字数字、年月日、点、斜线、尾部时间。
-- Grain: one cell.
SELECT
  regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
    translate(regexp_replace(cell_plain(raw), '[ T][0-9]{1,2}:[0-9:.]+$', ''), '〇零○一二三四五六七八九 ', '000123456789'),
    '([1-3])十([1-9])', '\1\2'),
    '([1-3])十', '\10'),
    '十([1-9])', '1\1'),
    '十', '10'),
    '[年月./-]+', '-', 'g'),
    '[日号]$', ''),
    '-$', '') AS value
FROM cell
