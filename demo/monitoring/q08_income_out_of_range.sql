-- Q08 人均纯收入异常: above thirty thousand, poor above twenty thousand, not above five hundred; beside them exactly the limits and a fen more than five hundred. Last year's incomes were ordinary, so that
-- nobody is above the line two years in a row (X07).
-- Households of all Q situations: nobody disabled, no loan, a head of working age; a poor one for those that concern the poor only.
CREATE OR REPLACE VIEW q_free AS SELECT * FROM free WHERE class = 'exited' AND size > 1 AND NOT has_loan AND disabled = 0 AND head_age BETWEEN 30 AND 60 AND NOT is_minimum_living;
CREATE OR REPLACE VIEW q_poor AS SELECT * FROM free WHERE class = 'poor' AND size > 1 AND NOT has_loan AND disabled = 0;
CREATE OR REPLACE TABLE q08_kind AS FROM (VALUES
  ('exited', 0, 'above thirty thousand', '命中', 3000001), ('exited', 1, 'exactly thirty thousand', '未命中', 3000000),
  ('poor', 0, 'poor above twenty thousand', '命中', 2000001), ('poor', 1, 'poor, exactly twenty thousand', '未命中', 2000000), ('poor', 2, 'five hundred', '命中', 50000), ('poor', 3, 'five hundred and a fen', '未命中', 50001)
) AS kind(class, place, variant, verdict, income);
INSERT INTO planted
SELECT 'Q08', variant, verdict, household_id, hno, NULL FROM (
  SELECT *, row_number() OVER (PARTITION BY class ORDER BY draw) - 1 AS turn FROM (FROM q_free UNION ALL FROM q_poor)
) JOIN q08_kind USING (class) WHERE turn % (CASE class WHEN 'poor' THEN 4 ELSE 2 END) = place AND turn < (CASE class WHEN 'poor' THEN 4 ELSE 2 END) * wanted(2);
INSERT INTO past_income SELECT subject, 300000 FROM planted WHERE rule_id = 'Q08' AND variant LIKE 'poor%';
-- All of it rent and transfer income, so that every identity holds to the fen.
UPDATE c_registry_household SET wage_income_yuan = '0.00', business_income_yuan = '0.00', property_income_yuan = '1.00', business_cost_yuan = '0.00',
  transfer_income_yuan = yuan(k.income * CAST(member_count AS BIGINT) - 100), total_income_yuan = yuan(k.income * CAST(member_count AS BIGINT)), net_income_yuan = yuan(k.income * CAST(member_count AS BIGINT)),
  net_income_per_head_yuan = yuan(k.income)
FROM planted q JOIN q08_kind k USING (variant) WHERE q.rule_id = 'Q08' AND q.subject = c_registry_household.household_id;
