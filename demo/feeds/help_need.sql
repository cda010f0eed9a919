-- 社会帮扶需求: of nine in twenty registered households; one in ten is not published yet, one in twenty not verified, one in forty over.
SELECT pno, need_no, household_id, village_code, category AS help_category_code, item AS help_item_code, CASE WHEN unit <> '01' THEN CAST(quantity AS VARCHAR) END AS need_quantity, CASE WHEN unit <> '01' THEN unit END AS help_unit_code,
  CASE WHEN unit = '01' THEN yuan(quantity) END AS need_yuan, CAST(asked AS VARCHAR) AS need_date, CASE WHEN publication > 1 OR progress >= 55 THEN CAST(asked + 5 AS VARCHAR) END AS published_date, yes_no(publication <> 2) AS is_town_verified,
  yes_no(is_urgent) AS is_urgent, CASE WHEN end_draw = 0 THEN CAST(asked + 20 AS VARCHAR) WHEN end_draw < 20 THEN '2019-12-31' END AS need_until, data_date, FALSE AS is_spare
FROM help_needs() ORDER BY pno
