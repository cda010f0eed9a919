-- Q11 致贫原因与家庭情况矛盾: poor households whose cause nothing bears; beside each one that something does, and a household whose healths are not all written down.
CREATE OR REPLACE TABLE q11_kind AS FROM (VALUES
  (0, 'illness, and all are healthy', '命中', '01'), (1, 'illness, and one is chronically ill', '未命中', '01'), (2, 'a health not written down', '无法判定', '01'), (3, 'disability without a certificate', '命中', '02'), (4, 'study, and nobody studies', '命中', '03'),
  (5, 'too little land', '未命中', '05')) AS kind(place, variant, verdict, cause);
INSERT INTO planted
SELECT 'Q11', variant, verdict, household_id, hno, NULL FROM (
  SELECT *, row_number() OVER (ORDER BY draw) - 1 AS turn FROM q_poor WHERE hno NOT IN (SELECT hno FROM person WHERE is_pupil AND age >= 16)
) JOIN q11_kind ON turn % 6 = place WHERE turn < 6 * wanted(2);
-- Three of working age, or two: whoever else lives there has never been able to work.
INSERT INTO planted
SELECT 'Q11', CASE WHEN turn % 2 = 0 THEN 'no labour, and three who can work' ELSE 'no labour, and two who can work' END, CASE WHEN turn % 2 = 0 THEN '命中' ELSE '未命中' END, household_id, hno, NULL
FROM (SELECT *, row_number() OVER (ORDER BY draw) - 1 AS turn FROM q_poor WHERE adults >= 3) WHERE turn < 2 * wanted(2);
INSERT INTO planted SELECT 'Q11', 'study, and one at senior school', '未命中', household_id, hno, NULL FROM q_poor WHERE hno IN (SELECT hno FROM person WHERE is_pupil AND age >= 16 AND NOT is_dead) ORDER BY draw LIMIT wanted(1);
INSERT INTO planted SELECT 'Q11', 'disability with a certificate', '未命中', household_id, hno, NULL FROM free WHERE class = 'poor' AND hno IN (SELECT hno FROM person JOIN (SELECT pno FROM c_disability WHERE status_code = '1') USING (pno)) ORDER BY draw LIMIT wanted(2);
CREATE OR REPLACE VIEW q11_person AS SELECT p.pno, p.k, q.variant, row_number() OVER (PARTITION BY p.hno ORDER BY p.age BETWEEN 16 AND 59 DESC, p.k) AS place FROM planted q JOIN person p USING (hno) WHERE q.rule_id = 'Q11';
UPDATE c_registry_household SET main_cause_code = CASE WHEN q.variant LIKE 'no labour%' THEN '08' WHEN q.variant LIKE 'study%' THEN '03' WHEN q.variant LIKE 'disability%' THEN '02' WHEN q.variant = 'too little land' THEN '05' ELSE '01' END
FROM planted q WHERE q.rule_id = 'Q11' AND q.subject = c_registry_household.household_id;
UPDATE c_registry_person SET health_code = CASE WHEN v.k > 1 OR v.variant LIKE '%all are healthy' THEN '01' WHEN v.variant LIKE '%chronically ill' THEN '02' END
FROM q11_person v WHERE v.pno = c_registry_person.pno AND v.variant IN ('illness, and all are healthy', 'illness, and one is chronically ill', 'a health not written down');
UPDATE c_registry_person SET labour_code = CASE WHEN v.place <= CASE WHEN v.variant LIKE '%three%' THEN 3 ELSE 2 END THEN '02' ELSE '04' END,
  work_months = CASE WHEN v.place <= CASE WHEN v.variant LIKE '%three%' THEN 3 ELSE 2 END THEN work_months END, work_place = CASE WHEN v.place <= CASE WHEN v.variant LIKE '%three%' THEN 3 ELSE 2 END THEN work_place END
FROM q11_person v WHERE v.pno = c_registry_person.pno AND v.variant LIKE 'no labour%';
