-- cell_plain(raw)
-- 单元格文字的整理：全角转半角，去掉 ="…" 外壳、前导 '、零宽字符和 BOM，空白合并并去首尾。
-- Grain: one cell.  Limit: DuckDB has no NFKC, so the full-width block is mapped by hand.
SELECT
  trim(regexp_replace(regexp_replace(regexp_replace(
    translate(
      raw,
      '！＂＃＄％＆＇（）＊＋，－．／０１２３４５６７８９：；＜＝＞？＠ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ［＼］＾＿｀ａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ｛｜｝～　',
      '!"#$%&''()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\]^_`abcdefghijklmnopqrstuvwxyz{|}~ '
    ),
    '[\x{200B}-\x{200F}\x{2060}\x{FEFF}\x{202A}-\x{202E}]', '', 'g'),
    '[\x{00A0}\t\r\n ]+', ' ', 'g'),
    '^ *''|^ *="(.*)" *$', '\1')) AS value
FROM cell
