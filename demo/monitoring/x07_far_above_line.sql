-- X07 收入明显超线未退: two years in a row above one and a half times the monitoring line (8,430.75 yuan); beside them exactly that, one good year only, and a household without last year's income.
CREATE OR REPLACE TEMP TABLE wish AS FROM (VALUES ('two good years', '命中', 843076, 843076, 4), ('two very good years', '命中', 1500000, 1400000, 1), ('exactly the limit this year', '未命中', 843075, 900000, 2), ('a good year after a bad one', '未命中', 900000, 843075, 2), ('nobody knows last year', '无法判定', 900000, NULL, 1))
  t(variant, verdict, now_cents, then_cents, number);
INSERT INTO planted
SELECT 'X07', variant, verdict, household_id, hno, NULL FROM (
  SELECT *, row_number() OVER (ORDER BY draw) AS place FROM free WHERE class = 'poor' AND hno IN (SELECT hno FROM c_housing_assessment JOIN person USING (pno) WHERE grade_code IN ('A', 'B')) AND disabled = 0
) JOIN (SELECT *, sum(number) OVER (ORDER BY variant) AS last FROM wish) ON place > last - number AND place <= last;
CREATE OR REPLACE TEMP TABLE raised AS SELECT household_id, size, now_cents * size AS now_total, now_cents, then_cents FROM planted JOIN wish USING (variant) JOIN person p USING (hno) WHERE rule_id = 'X07' AND p.k = 1;
UPDATE c_registry_household AS c SET wage_income_yuan = '0.00', business_income_yuan = '0.00', property_income_yuan = yuan(now_total), business_cost_yuan = '0.00', transfer_income_yuan = '0.00', total_income_yuan = yuan(now_total),
  net_income_yuan = yuan(now_total), net_income_per_head_yuan = yuan(now_cents) FROM raised WHERE raised.household_id = c.household_id;
INSERT INTO past_income SELECT household_id, then_cents FROM raised;
