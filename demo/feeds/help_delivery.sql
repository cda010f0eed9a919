-- 社会帮扶对接: what was arranged for the needs that no longer wait; some cancelled, some fulfilled by half, a few delivered twice over, one in forty from nobody who is listed.
WITH arranged AS (
  SELECT n.*, n.asked + 10 + CAST(dice(n.hno, 'matched day', 20) AS INTEGER) AS matched, 'GJ2019' || digits(n.kind + 11 * dice(n.hno, 'from offer', 10), 6) AS offer_no,
    CASE WHEN progress BETWEEN 85 AND 91 THEN greatest(quantity // 2, 1) WHEN progress >= 98 THEN 2 * quantity ELSE quantity END AS given,
    CASE WHEN progress BETWEEN 92 AND 97 THEN '3' WHEN progress BETWEEN 55 AND 64 AND NOT is_changed(n.hno, 'delivery') THEN '1' ELSE '2' END AS state
  FROM help_needs() n WHERE progress >= 55
)
SELECT pno, 'DJ2019' || digits(hno, 8) AS delivery_no, need_no, CASE WHEN u(hno, 'unlisted giver') >= 25000 THEN offer_no END AS offer_no, CASE WHEN unit <> '01' THEN CAST(given AS VARCHAR) END AS delivery_quantity,
  CASE WHEN unit <> '01' THEN unit END AS help_unit_code, CASE WHEN unit = '01' THEN yuan(given) END AS delivery_yuan, CAST(matched AS VARCHAR) AS matched_date, state AS delivery_state_code,
  CASE WHEN state = '2' THEN CAST(matched + 1 + CAST(dice(hno, 'fulfilled day', 25) AS INTEGER) AS VARCHAR) END AS fulfilled_date,
  CASE WHEN state = '2' THEN CASE WHEN u(hno, 'pleased') < 900000 THEN '1' WHEN u(hno, 'pleased') < 980000 THEN '2' ELSE '3' END END AS feedback_code, data_date, FALSE AS is_spare
FROM arranged ORDER BY pno
