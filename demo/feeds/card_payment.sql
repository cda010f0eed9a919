-- 一卡通: the farmland subsidy of the year for every farming household, and the old-age allowance of the half-year for those of 80 and more. One in a hundred came back
-- and was paid again a month later.
WITH due AS (
  SELECT *, '耕地地力保护补贴' AS subsidy_item, '2019年度' AS period, 10 + dice(hno, 'subsidised', 200) AS tenths, '亩' AS quantity_unit, 8000 AS standard, DATE '2019-04-25' AS paid FROM person WHERE k = 1 AND NOT is_dead AND u(hno, 'farms') < 800000
  UNION ALL
  SELECT *, '高龄津贴' AS subsidy_item, '2019年上半年' AS period, 60 AS tenths, '月' AS quantity_unit, 5000 AS standard, DATE '2019-06-10' AS paid FROM person WHERE NOT is_dead AND age >= 81
), sent AS (
  SELECT *, subsidy_item = '耕地地力保护补贴' AND u(pno, 'returned') < 10000 AS is_returned, turn FROM due CROSS JOIN (VALUES (1), (2)) t(turn) WHERE turn = 1 OR subsidy_item = '耕地地力保护补贴' AND u(pno, 'returned') < 10000
)
SELECT pno, subsidy_item, '2019' AS year, period, name, citizen_id, village_code, CAST(tenths // 10 AS VARCHAR) || '.' || CAST(tenths % 10 AS VARCHAR) AS quantity, quantity_unit, yuan(standard) AS standard_yuan,
  yuan(tenths * standard // 10) AS amount_yuan, CAST(paid + CASE WHEN turn = 2 THEN 30 ELSE 0 END AS VARCHAR) AS payout_date, '北镇市农村商业银行' || town_name || '支行' AS bank_name,
  '2199' || digits(hno, 9) || digits(dice(hno, 'account', 10000), 4) AS bank_account, name AS account_name, CASE WHEN is_returned AND turn = 1 THEN '2' ELSE '1' END AS payout_code,
  CASE WHEN is_returned AND turn = 1 THEN '账户状态异常' END AS return_reason, CAST(NULL AS VARCHAR) AS proxy_name, is_spare
FROM sent
