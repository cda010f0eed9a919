-- T01 线上聚集: towns with eight households within two per cent above the line; towns where as many lie in the bands beside, and towns with four. First of all, because other situations are judged by income too.
CREATE OR REPLACE TABLE town_turn AS SELECT town_code, row_number() OVER (ORDER BY town_code) - 1 AS turn FROM (SELECT DISTINCT town_code FROM village);
CREATE OR REPLACE TABLE t01_pick AS
WITH ranked AS (
  SELECT f.hno, f.household_id, f.town_code, t.turn, row_number() OVER (PARTITION BY f.town_code ORDER BY f.draw) - 1 AS place FROM free f JOIN town_turn t USING (town_code)
  WHERE f.class = 'exited' AND f.size > 1 AND f.adults > 0 AND NOT f.has_loan AND f.hno NOT IN (SELECT hno FROM person JOIN c_health_settlement USING (pno) WHERE visit_code = '1') AND t.turn < 8
), kinds AS (
  SELECT *, CASE WHEN turn < 4 THEN 'eight just above the line' WHEN turn < 6 THEN 'as many in the bands beside' ELSE 'four just above the line' END AS variant FROM ranked
)
SELECT hno, household_id, town_code, variant,
  CASE WHEN variant LIKE 'as many%' AND place >= 6 THEN 382194 + 1900 * (place - 6) ELSE 374700 + 900 * place END AS income
FROM kinds WHERE place < CASE WHEN variant LIKE 'as many%' THEN 14 WHEN variant LIKE 'eight%' THEN 8 ELSE 4 END;
INSERT INTO planted SELECT 'T01', variant, CASE WHEN variant LIKE 'eight%' THEN '命中' ELSE '未命中' END, town_code, hno, NULL FROM t01_pick
WHERE town_code IN (SELECT town_code FROM t01_pick GROUP BY town_code, variant HAVING count(*) = CASE WHEN variant LIKE 'as many%' THEN 14 WHEN variant LIKE 'eight%' THEN 8 ELSE 4 END);
DELETE FROM t01_pick WHERE town_code NOT IN (SELECT subject FROM planted WHERE rule_id = 'T01');
-- All of it transfer income, so that every identity holds to the fen.
UPDATE c_registry_household SET wage_income_yuan = '0.00', business_income_yuan = '0.00', property_income_yuan = '0.00', business_cost_yuan = '0.00',
  transfer_income_yuan = yuan(q.income * CAST(member_count AS BIGINT)), total_income_yuan = yuan(q.income * CAST(member_count AS BIGINT)), net_income_yuan = yuan(q.income * CAST(member_count AS BIGINT)),
  net_income_per_head_yuan = yuan(q.income)
FROM t01_pick q WHERE q.household_id = c_registry_household.household_id;
