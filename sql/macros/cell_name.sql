-- cell_name(raw)
-- 姓名的整理：去掉一切空白，统一间隔点，去掉“（户主）”“(已故)”之类的括注和尾部数字。
-- Grain: one odd cell.  Basis: domain rule for comparing names; the original bytes stay in the landing folder.
SELECT
  CASE WHEN NOT cell_is_null(raw) THEN
    nullif(regexp_replace(regexp_replace(regexp_replace(cell_plain(raw),
      '\((户主|已故|死亡|配偶|代)\)|[0-9]+$', '', 'g'),
      '\s', '', 'g'),
      '[•.・．∙‧⋅]', '·', 'g'), '') END AS value
FROM cell
