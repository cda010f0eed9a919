-- text_is_odd(raw)
-- 文字单元格是否需要看一眼：含空白、零宽或控制字符、' 或 =，等于没填的写法，过长。
-- Grain: one cell.  One character class and two substring searches are what the common case costs (measured: an alternation with
-- anchors costs three times as much); everything else is asked of odd cells only.
SELECT
  contains(raw, '=') OR contains(raw, '''')
  OR (strlen(raw) <= 6 AND cell_is_null(raw))
  OR regexp_matches(raw, '[\x{00}-\x{20}\x{7F}\x{00A0}\x{200B}-\x{200F}\x{2060}\x{3000}\x{FEFF}\x{202A}-\x{202E}]')
  OR strlen(raw) > 32767 AS value
FROM cell
