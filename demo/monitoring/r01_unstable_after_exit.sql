-- R01 脱贫不稳定户: exited households a little below the line with an illness, a lost job, a loss; beside them exactly the line, no risk, an income
-- well above. What they suffer is found by other rules too. (The county's own, mostly
-- overdue loans of low incomes, are counted in r99.)
CREATE OR REPLACE TABLE r01_kind AS FROM (VALUES
  (0, 'ill below the line', '命中', 560000), (1, 'lost the job below the line', '命中', 560000), (2, 'a loss below the line', '命中', 560000), (3, 'a cent below the line, ill', '命中', 562049),
  (4, 'exactly the line, ill', '未命中', 562050), (5, 'below the line, no risk', '未命中', 500000), (6, 'ill with a good income', '未命中', 1100000)) AS kind(place, variant, verdict, per_head);
INSERT INTO planted
SELECT 'R01', variant, verdict, household_id, hno, NULL
FROM (SELECT *, row_number() OVER (ORDER BY draw) - 1 AS turn FROM free WHERE class = 'exited' AND size > 2 AND NOT has_loan AND disabled = 0 AND u(hno, 'nature') < 850000 AND head_age BETWEEN 25 AND 58) JOIN r01_kind ON turn % 7 = place WHERE turn < 7 * wanted(2);
CREATE OR REPLACE VIEW r01_person AS SELECT person.pno, person.hno, person.size, person.k, kind.* FROM person JOIN planted USING (hno) JOIN r01_kind kind ON kind.variant = planted.variant WHERE rule_id = 'R01';
INSERT INTO wish_no_job SELECT DISTINCT hno FROM r01_person;
-- The wage of the year was earned in the six months before the job was lost: the registered wage is what was paid.
INSERT INTO wish_income SELECT hno, per_head, CASE variant WHEN 'lost the job below the line' THEN 600000 ELSE 0 END FROM r01_person WHERE k = 1;
INSERT INTO wish_job SELECT pno, '2015-02', '2018-11', 100000 FROM r01_person WHERE k = 1 AND variant = 'lost the job below the line';
INSERT INTO wish_bill SELECT pno, 500000 FROM r01_person WHERE k = 1 AND variant LIKE '%ill%';
INSERT INTO wish_loss SELECT hno, 200000, 110000 FROM r01_person WHERE k = 1 AND variant = 'a loss below the line';
INSERT INTO planted SELECT 'N05', variant, '命中', NULL, hno, pno FROM r01_person WHERE k = 1 AND variant LIKE '%ill%';
INSERT INTO planted SELECT rule_id, variant, '命中', 'R2199' || digits(hno, 8), hno, NULL FROM r01_person, (VALUES ('N08'), ('R04')) t(rule_id) WHERE k = 1 AND variant = 'lost the job below the line';
