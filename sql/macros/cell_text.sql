-- cell_text(raw)
-- 文字列的整理：去首尾空白、零宽字符、="…" 外壳；等于没填的写法成为 NULL。
-- Grain: one odd cell.  Limit: inner blanks and full-width punctuation of free text stay as written.
SELECT
  CASE WHEN NOT cell_is_null(raw) THEN
    nullif(trim(regexp_replace(regexp_replace(regexp_replace(raw,
      '[\x{200B}-\x{200F}\x{2060}\x{FEFF}\x{202A}-\x{202E}]', '', 'g'),
      '[\x{00A0}\t\r\n]+', ' ', 'g'),
      '^[\s　]*''|^[\s　]*="(.*)"[\s　]*$', '\1'), ' 　'), '') END AS value
FROM cell
