-- Q10 务工收入与务工情况矛盾: a wage and nobody at work, work and no wage, somebody at work who cannot; beside them a weak worker and twelve months. Rows of other situations: z_quality_facts.sql.
CREATE OR REPLACE TABLE q10_kind AS FROM (VALUES (0, 'a wage and nobody at work', '命中'), (1, 'at work without a wage', '命中'), (2, 'unable and at work', '命中'), (3, 'weak and at work', '未命中'), (4, 'all the year at work', '未命中')) AS kind(place, variant, verdict);
INSERT INTO planted
SELECT 'Q10', variant, verdict, household_id, hno, NULL FROM (
  SELECT *, row_number() OVER (ORDER BY draw) - 1 AS turn FROM q_free WHERE adults > 1 AND household_id IN (SELECT household_id FROM c_registry_person WHERE work_months IS NOT NULL)
) JOIN q10_kind ON turn % 5 = place WHERE turn < 5 * wanted(2);
CREATE OR REPLACE TABLE q10_worker AS
SELECT p.pno, any_value(q.variant) AS variant FROM (SELECT household_id, min(pno) AS pno FROM c_registry_person WHERE work_months IS NOT NULL GROUP BY household_id) p JOIN planted q ON q.subject = p.household_id WHERE q.rule_id = 'Q10' GROUP BY p.pno;
UPDATE c_registry_person SET labour_code = CASE WHEN pno IN (SELECT pno FROM q10_worker WHERE variant LIKE 'unable%') THEN '04' WHEN pno IN (SELECT pno FROM q10_worker WHERE variant LIKE 'weak%') THEN '05' ELSE labour_code END,
  work_months = CASE WHEN pno IN (SELECT pno FROM q10_worker WHERE variant LIKE 'all the year%') THEN '12' ELSE work_months END
WHERE pno IN (SELECT pno FROM q10_worker);
UPDATE c_registry_person SET work_months = NULL, work_place = NULL WHERE household_id IN (SELECT subject FROM planted WHERE rule_id = 'Q10' AND variant = 'a wage and nobody at work');
UPDATE c_registry_household SET wage_income_yuan = '0.00', transfer_income_yuan = yuan(CAST(replace(transfer_income_yuan, '.', '') AS BIGINT) + CAST(replace(wage_income_yuan, '.', '') AS BIGINT))
WHERE household_id IN (SELECT subject FROM planted WHERE rule_id = 'Q10' AND variant = 'at work without a wage');
