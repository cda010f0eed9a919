-- Q09 有经营收入无经营支出: a business that costs nothing; beside it one of a fen, no business at all, and a cost that nobody wrote down.
CREATE OR REPLACE TABLE q09_kind AS FROM (VALUES (0, 'a business without cost', '命中', 0), (1, 'a cost of one fen', '未命中', 1), (2, 'no business and no cost', '未命中', 0), (3, 'cost not written down', '无法判定', 0)) AS kind(place, variant, verdict, cost);
INSERT INTO planted
SELECT 'Q09', variant, verdict, household_id, hno, NULL FROM (SELECT *, row_number() OVER (ORDER BY draw) - 1 AS turn FROM q_free) JOIN q09_kind ON turn % 4 = place WHERE turn < 4 * wanted(2);
UPDATE c_registry_household SET
  transfer_income_yuan = CASE WHEN k.place = 2 THEN yuan(CAST(replace(transfer_income_yuan, '.', '') AS BIGINT) + CAST(replace(business_income_yuan, '.', '') AS BIGINT)) ELSE transfer_income_yuan END,
  business_income_yuan = CASE WHEN k.place = 2 THEN '0.00' ELSE business_income_yuan END, business_cost_yuan = CASE WHEN k.place < 3 THEN yuan(k.cost) END,
  net_income_yuan = yuan(CAST(replace(total_income_yuan, '.', '') AS BIGINT) - k.cost),
  net_income_per_head_yuan = yuan((2 * (CAST(replace(total_income_yuan, '.', '') AS BIGINT) - k.cost) + CAST(member_count AS BIGINT)) // (2 * CAST(member_count AS BIGINT)))
FROM planted q JOIN q09_kind k USING (variant) WHERE q.rule_id = 'Q09' AND q.subject = c_registry_household.household_id;
