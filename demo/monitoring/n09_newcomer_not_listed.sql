-- N09 家庭新增人口未录入: small children and wives of exited households who are in the police book only; beside them whoever came sixty days ago, or before the household was taken in.
CREATE OR REPLACE TABLE n09_kind AS FROM (VALUES
  (0, 'a small child', '命中', '1', NULL), (1, 'married into the family sixty-one days ago', '命中', '6', '2019-04-30'), (2, 'married into the family in January', '命中', '6', '2019-01-10'),
  (3, 'came exactly sixty days ago', '未命中', '6', '2019-05-01'), (4, 'came before the household was taken in', '未命中', '6', '2011-10-01'), (5, 'moved in, neither born nor married', '未命中', '3', '2018-10-01')) AS kind(place, variant, verdict, change_code, changed);
CREATE OR REPLACE TABLE n09_person AS
SELECT kind.*, p.hno, p.pno FROM (
  SELECT f.hno, f.draw, p.pno, p.age < 3 AS is_child, row_number() OVER (PARTITION BY p.age < 3 ORDER BY f.draw) - 1 AS turn
  FROM free f JOIN person p USING (hno) WHERE f.class = 'exited' AND f.size > 2 AND f.disabled = 0 AND NOT f.is_minimum_living AND NOT f.has_loan AND u(f.hno, 'nature') < 850000 AND u(f.hno, 'watched') >= 60000
    AND (p.age < 3 AND p.birth_date < DATE '2019-04-30' OR p.k = 2 AND p.role = 'spouse' AND p.age BETWEEN 25 AND 58 AND u(p.pno, 'away') >= 500000)
  QUALIFY row_number() OVER (PARTITION BY f.hno ORDER BY p.age) = 1
) p JOIN n09_kind kind ON CASE WHEN p.is_child THEN kind.place = 0 AND turn < wanted(2) ELSE kind.place = 1 + turn % 5 AND turn < 5 * wanted(2) END;
INSERT INTO planted SELECT 'N09', variant, verdict, NULL, hno, pno FROM n09_person;
UPDATE c_household_registration SET change_code = n.change_code, change_date = coalesce(n.changed, birth_date) FROM n09_person n WHERE n.pno = c_household_registration.pno;
DELETE FROM c_registry_person WHERE pno IN (SELECT pno FROM n09_person);
DELETE FROM c_aid_measure WHERE pno IN (SELECT pno FROM n09_person);
UPDATE c_health_insurance SET category_code = '9', personal_paid_yuan = '220.00', subsidy_yuan = '0.00' WHERE pno IN (SELECT pno FROM n09_person);
-- One member fewer: the income per head follows.
UPDATE c_registry_household SET member_count = CAST(CAST(member_count AS INTEGER) - 1 AS VARCHAR),
  net_income_per_head_yuan = yuan((2 * CAST(replace(net_income_yuan, '.', '') AS BIGINT) + CAST(member_count AS INTEGER) - 1) // (2 * (CAST(member_count AS INTEGER) - 1)))
WHERE household_id IN (SELECT household_id FROM household JOIN n09_person USING (hno) JOIN (SELECT DISTINCT hno, household_id FROM person) USING (hno));
