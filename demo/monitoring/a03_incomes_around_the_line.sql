-- T03 悬崖效应: towns where the poor below the line get twenty thousand and those just above nothing; towns where both get the same, and towns where too few stand above. First of all, because other situations are judged by income too.
CREATE OR REPLACE TABLE t03_pick AS
WITH ranked AS (
  SELECT f.hno, f.household_id, f.town_code, f.class, t.turn - 8 AS turn, row_number() OVER (PARTITION BY f.town_code, f.class ORDER BY f.draw) - 1 AS place FROM free f JOIN town_turn t USING (town_code)
  WHERE f.class IN ('poor', 'exited') AND f.size > 1 AND f.adults > 0 AND NOT f.has_loan AND f.hno NOT IN (SELECT hno FROM person JOIN c_health_settlement USING (pno) WHERE visit_code = '1') AND t.turn BETWEEN 8 AND 15
)
SELECT hno, household_id, town_code, class, CASE WHEN turn < 4 THEN 'much below and nothing above' ELSE 'the same on both sides' END AS variant,
  CASE WHEN class = 'poor' THEN 340000 + 100 * place ELSE 410000 + 100 * place END AS income
FROM ranked WHERE place < CASE WHEN class = 'poor' THEN 8 ELSE 24 END;
UPDATE c_registry_household SET wage_income_yuan = '0.00', business_income_yuan = '0.00', property_income_yuan = '0.00', business_cost_yuan = '0.00',
  transfer_income_yuan = yuan(q.income * CAST(member_count AS BIGINT)), total_income_yuan = yuan(q.income * CAST(member_count AS BIGINT)), net_income_yuan = yuan(q.income * CAST(member_count AS BIGINT)),
  net_income_per_head_yuan = yuan(q.income)
FROM t03_pick q WHERE q.household_id = c_registry_household.household_id;
DELETE FROM c_aid_measure WHERE household_id IN (SELECT household_id FROM t03_pick);
INSERT INTO c_aid_measure BY NAME
SELECT pno, q.household_id, name, citizen_id, '10' AS aid_kind_code, '社会捐助' AS aid_content, CASE WHEN variant LIKE 'much%' THEN '20000.00' ELSE '1000.00' END AS aid_yuan,
  '2019-03-12' AS aid_date, NULL AS project_no, data_date, FALSE AS is_spare
FROM t03_pick q JOIN person p USING (hno) WHERE p.k = 1 AND (class = 'poor' OR variant LIKE 'the same%');
-- Each town's verdict is known only when every other situation is in place (z_villages.sql); here its households are claimed.
INSERT INTO planted SELECT 'T03', 'claimed: ' || variant, '未命中', 'household ' || household_id, hno, NULL FROM t03_pick;
