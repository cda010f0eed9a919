-- text_is_marked(raw)
-- 文字里是否有需要看一眼的字符：空白、零宽或控制字符、' 或 =。
-- Grain: one cell, or the cells of a row in one text.  One character class and two substring searches are what the common case costs
-- (measured: an alternation with anchors costs three times as much).
SELECT
  contains(raw, '=') OR contains(raw, '''')
  OR regexp_matches(raw, '[\x{00}-\x{20}\x{7F}\x{00A0}\x{200B}-\x{200F}\x{2060}\x{3000}\x{FEFF}\x{202A}-\x{202E}]') AS value
FROM cell
