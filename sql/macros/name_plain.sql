-- name_plain(raw)
-- 比对用的姓名：在 cell_name 之外再去掉括注和称谓，问号、星号、替换符、自造区字符统一为通配符“?”，兼容汉字归一。
-- Grain: one cell.  Basis: domain rule for comparing names.  Limit: for comparison only, never stored in place of the name as sent.
-- One to three Han characters, which nearly every name is, pass through: tidying costs a hundred times the look.
SELECT
  CASE WHEN length(raw) BETWEEN 1 AND 3 AND NOT name_is_odd(raw) THEN raw
    ELSE nullif(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(nfc_normalize(cell_name(raw)),
      '\([^)]*\)|[0-9]+$', '', 'g'),
      '^户主:?(.{2,})$', '\1'),
      '^(.{2,})(先生|女士|同志|老人|户主|同学)$', '\1'),
      '[?*\x{FFFD}□■\x{E000}-\x{F8FF}\x{F0000}-\x{10FFFD}]', '?', 'g'),
      '^\?+$', ''), '') END AS value
FROM cell
