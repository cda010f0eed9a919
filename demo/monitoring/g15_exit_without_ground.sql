-- G15 退出依据不足: incomes around the line of the exit year, and grounds that nobody documented. Exited households of other situations: z_exit.sql.
CREATE OR REPLACE TABLE g15_kind AS FROM (VALUES
  ('one fen below the line of its exit year', '命中', '2018', 353499, 0), ('no year of exit', '命中', NULL, 600000, 1), ('no report on the house', '命中', '2018', 600000, 2), ('water left blank everywhere', '命中', '2018', 600000, 3),
  ('exactly the line of its exit year', '未命中', '2018', 353500, 4), ('below the line of this year, not of its own', '未命中', '2017', 340000, 5), ('only the toilet is no good', '未命中', '2018', 600000, 6)
) AS kind(variant, verdict, exit_year, income, place);
INSERT INTO planted
SELECT 'G15', variant, verdict, household_id, hno, NULL FROM (SELECT *, row_number() OVER (ORDER BY draw) - 1 AS turn FROM free WHERE class = 'exited' AND size > 1) JOIN g15_kind ON turn % 7 = place WHERE turn < 7 * wanted(2);
-- All of it transfer income, so that every identity holds to the fen.
UPDATE c_registry_household SET exit_year = k.exit_year, wage_income_yuan = '0.00', business_income_yuan = '0.00', property_income_yuan = '0.00', business_cost_yuan = '0.00',
  transfer_income_yuan = yuan(k.income * CAST(member_count AS BIGINT)), total_income_yuan = yuan(k.income * CAST(member_count AS BIGINT)), net_income_yuan = yuan(k.income * CAST(member_count AS BIGINT)),
  net_income_per_head_yuan = yuan(k.income)
FROM planted q JOIN g15_kind k USING (variant) WHERE q.rule_id = 'G15' AND q.subject = c_registry_household.household_id;
DELETE FROM c_housing_assessment WHERE pno IN (SELECT p.pno FROM person p JOIN planted q USING (hno) WHERE q.rule_id = 'G15' AND q.variant = 'no report on the house');
UPDATE c_registry_household SET is_water_safe = NULL, is_water_difficult = NULL WHERE household_id IN (SELECT subject FROM planted WHERE rule_id = 'G15' AND variant = 'water left blank everywhere');
UPDATE c_household_survey SET is_water_clean = NULL WHERE household_id IN (SELECT subject FROM planted WHERE rule_id = 'G15' AND variant = 'water left blank everywhere');
UPDATE c_household_survey SET is_toilet_sanitary = '否', has_broadcast = '否' WHERE household_id IN (SELECT subject FROM planted WHERE rule_id = 'G15' AND variant = 'only the toilet is no good');
