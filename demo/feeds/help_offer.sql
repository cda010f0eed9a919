-- 社会帮扶供给: a fifth is for one township, a tenth for one village.
SELECT CAST(NULL AS BIGINT) AS pno, offer_no, CAST(giver AS VARCHAR) AS giver_kind_code, category AS help_category_code, item AS help_item_code, CASE WHEN unit <> '01' THEN CAST(quantity AS VARCHAR) END AS offer_quantity,
  CASE WHEN unit <> '01' THEN unit END AS help_unit_code, CASE WHEN unit = '01' THEN yuan(quantity) END AS offer_yuan, CASE WHEN area_draw = 0 THEN village_code WHEN area_draw < 3 THEN town_code END AS limit_area_code,
  CASE WHEN end_draw = 2 THEN '2019-08-01' ELSE CAST(offered AS VARCHAR) END AS offer_date, CASE WHEN end_draw < 2 THEN CAST(offered + 30 AS VARCHAR) WHEN end_draw BETWEEN 3 AND 12 THEN '2019-12-31' END AS offer_until,
  getvariable('as_of') AS data_date, FALSE AS is_spare
FROM help_offers() ORDER BY i
