-- 教育资助: one row per payment: what is due to registered pupils in the two terms of the school year; a few others get aid for hardship.
WITH pupil AS (
  SELECT *, CASE WHEN age < 6 THEN '1' WHEN age < 12 THEN '2' WHEN age < 16 THEN '3' WHEN u(pno, 'vocational') < 350000 THEN '5' ELSE '4' END AS stage,
    age > 11 AND u(pno, 'boarding') < 400000 AS is_boarder
  FROM person WHERE is_pupil AND NOT is_dead AND NOT is_dropout AND (is_registered OR u(pno, 'hardship') < 15000)
), due AS (
  SELECT *, unnest(CASE WHEN stage = '1' THEN ['1'] WHEN stage = '4' THEN ['4', '5'] WHEN stage = '5' THEN ['5', '6', '7'] WHEN is_boarder THEN ['2'] ELSE ['99'] END) AS aid FROM pupil
), termed AS (
  SELECT *, unnest([DATE '2018-11-20', DATE '2019-05-10']) + CAST(dice(pno, 'aid day', 25) AS INTEGER) AS paid FROM due WHERE aid <> '99' OR NOT is_registered
)
SELECT pno, name, citizen_id, 'G' || citizen_id AS student_no, stage AS stage_code,
  CASE stage WHEN '1' THEN town_name || '中心幼儿园' WHEN '2' THEN town_name || '中心小学' WHEN '3' THEN town_name || '初级中学' WHEN '5' THEN '北镇市职业教育中心' ELSE '北镇市第一高级中学' END AS school,
  CASE WHEN paid < DATE '2019-01-01' THEN '2018-1' ELSE '2018-2' END AS term_code, aid AS aid_code,
  CASE aid WHEN '1' THEN '300.00' WHEN '2' THEN CASE stage WHEN '2' THEN '500.00' ELSE '625.00' END WHEN '4' THEN '800.00' WHEN '5' THEN CASE WHEN is_registered THEN '1250.00' ELSE '1000.00' END
    WHEN '6' THEN '1200.00' WHEN '7' THEN '1500.00' ELSE '200.00' END AS amount_yuan, CAST(paid AS VARCHAR) AS payout_date,
  '北镇市农村商业银行' AS bank_name, '2199' || digits(pno, 9) || digits(dice(pno, 'aid account', 10000), 4) AS bank_account, name AS account_name,
  (SELECT h.name FROM person h WHERE h.hno = termed.hno AND h.k = 1) AS guardian_name, yes_no(is_registered) AS is_registered_poor,
  NOT is_registered AS is_spare
FROM termed ORDER BY pno, aid, paid
