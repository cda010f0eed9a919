-- Q06 家庭人口数不符: one member more or one fewer said than are listed; beside them a household whose member moved out and whose count was brought up to date.
CREATE OR REPLACE TEMP TABLE wish AS FROM (VALUES ('one more said than listed', '命中', 1, 2), ('one fewer said than listed', '命中', -1, 2), ('the count follows who moved out', '未命中', -1, 2)) t(variant, verdict, more, number);
CREATE OR REPLACE TEMP TABLE counted AS
SELECT variant, verdict, more, hno, household_id FROM (
  SELECT hno, household_id, row_number() OVER (ORDER BY draw) AS place FROM free WHERE class = 'exited' AND NOT is_minimum_living AND size >= 3 AND disabled = 0
    AND hno IN (SELECT hno FROM person WHERE k = size AND role = 'child' AND age BETWEEN 19 AND 40)
) JOIN (SELECT *, sum(number) OVER (ORDER BY variant) AS last FROM wish) ON place > last - number AND place <= last;
INSERT INTO planted SELECT 'Q06', variant, verdict, household_id, hno, NULL FROM counted;
DELETE FROM c_registry_person WHERE pno IN (SELECT pno FROM person WHERE k = size AND hno IN (SELECT hno FROM counted WHERE variant = 'the count follows who moved out'));
INSERT INTO one_more SELECT household_id, more FROM counted;
-- Each head's share stays what it was: the difference is property.
UPDATE c_registry_household AS h SET member_count = CAST(CAST(member_count AS BIGINT) + more AS VARCHAR), wage_income_yuan = '0.00', business_income_yuan = '0.00', transfer_income_yuan = '0.00', business_cost_yuan = '0.00',
  property_income_yuan = yuan(share), total_income_yuan = yuan(share), net_income_yuan = yuan(share)
FROM (SELECT household_id, more, CAST(replace(c.net_income_per_head_yuan, '.', '') AS BIGINT) * (CAST(c.member_count AS BIGINT) + more) AS share FROM one_more JOIN (SELECT household_id, net_income_per_head_yuan, member_count FROM c_registry_household) c USING (household_id)) s
WHERE h.household_id = s.household_id;
