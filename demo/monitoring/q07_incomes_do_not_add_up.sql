-- Q07 收入勾稽不平: what the three checks of the reception cannot see, because a sum was left out; beside them differences of one yuan to the cent, and sums left out where all agrees.
CREATE OR REPLACE TEMP TABLE wish AS FROM (VALUES ('total left out and net wrong', '命中', 2), ('net left out and the share of a head wrong', '命中', 2), ('one yuan too much', '未命中', 2), ('total left out and two yuan too much', '无法判定', 1), ('total left out', '无法判定', 1), ('net left out', '无法判定', 1)) t(variant, verdict, number);
CREATE OR REPLACE TEMP TABLE unbalanced AS
SELECT variant, verdict, hno, household_id FROM (
  SELECT hno, household_id, row_number() OVER (ORDER BY draw) AS place FROM free JOIN (SELECT household_id, property_income_yuan FROM c_registry_household) USING (household_id)
  WHERE class = 'exited' AND NOT is_minimum_living AND size >= 2 AND CAST(property_income_yuan AS DECIMAL(18, 2)) >= 10
) JOIN (SELECT *, sum(number) OVER (ORDER BY variant) AS last FROM wish) ON place > last - number AND place <= last;
INSERT INTO planted SELECT 'Q07', variant, verdict, household_id, hno, NULL FROM unbalanced;
UPDATE c_registry_household AS h SET
  property_income_yuan = yuan(CAST(replace(property_income_yuan, '.', '') AS BIGINT) + CASE variant WHEN 'total left out and net wrong' THEN 201 WHEN 'total left out and two yuan too much' THEN 200 WHEN 'one yuan too much' THEN 100 ELSE 0 END),
  total_income_yuan = CASE WHEN variant NOT LIKE 'total left out%' THEN total_income_yuan END, net_income_yuan = CASE WHEN variant NOT LIKE 'net left out%' THEN net_income_yuan END,
  net_income_per_head_yuan = CASE variant WHEN 'net left out and the share of a head wrong' THEN yuan(CAST(replace(net_income_per_head_yuan, '.', '') AS BIGINT) + 200) ELSE net_income_per_head_yuan END
FROM unbalanced u WHERE h.household_id = u.household_id;
