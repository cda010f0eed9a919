-- 受灾损失: two in a hundred households. Insurance pays most in full; what is left to bear falls on households that earn well enough, or whose income nobody knows.
WITH struck AS (
  SELECT *, CASE WHEN is_registered THEN NOT is_poor AND dice(hno, 'income', 1100000) > 500000 ELSE NOT is_omitted AND NOT is_disabled AND age BETWEEN 25 AND 55 AND u(pno, 'employed') >= 550000 END AS bears,
    100000 + 10000 * dice(hno, 'loss', 60) AS loss, DATE '2018-08-01' + CAST(dice(hno, 'disaster day', 300) AS INTEGER) AS day
  FROM person WHERE k = 1 AND NOT is_dead AND u(hno, 'disaster') < 20000
)
SELECT pno, 'ZH2019' || digits(hno, 9) AS loss_no, name, citizen_id, household_id, village_code, CASE dice(hno, 'disaster kind', 4) WHEN 0 THEN '1' WHEN 1 THEN '2' WHEN 2 THEN '3' ELSE '5' END AS disaster_kind_code, '1' AS loss_item_code,
  CAST(day AS VARCHAR) AS disaster_date, yuan(loss) AS loss_yuan, yuan(CASE WHEN bears THEN loss * 3 // 4 ELSE loss END) AS claim_yuan, CAST(day + CASE WHEN is_changed(hno, 'claim') THEN 26 ELSE 25 END AS VARCHAR) AS claim_date,
  '0.00' AS disaster_relief_yuan, data_date, NOT is_omitted AND hno NOT IN (SELECT hno FROM marked) AS is_spare
FROM struck ORDER BY hno
