-- R02 边缘易致贫户: families outside the registry of whom the departments see all there is; ill, struck or without work. Such a blow throws them below the poverty line as well (R03), and a
-- grave illness is a want of its own (N03).
CREATE OR REPLACE TABLE r02_kind AS FROM (VALUES
  (0, 'old and gravely ill', '命中'), (1, 'old and struck by hail', '命中'), (2, 'seen to have exactly the line, struck', '未命中'), (3, 'old, the loss was paid for', '未命中')) AS kind(place, variant, verdict);
INSERT INTO planted
SELECT 'R02', variant, verdict, 'H1' || digits(hno, 8), hno, NULL
FROM (SELECT *, row_number() OVER (ORDER BY draw) - 1 AS turn FROM elder_free) JOIN r02_kind ON turn % 4 = place WHERE turn < 4 * wanted(2);
INSERT INTO planted
SELECT 'R02', variant, verdict, 'H1' || digits(hno, 8), hno, NULL
FROM (SELECT *, row_number() OVER (ORDER BY draw) - 1 AS turn FROM unseen_free WHERE size = 1) JOIN (VALUES (0, 'lives alone, lost a small job', '命中'), (1, 'ill, and the income unseen', '无法判定')) AS kind(place, variant, verdict) ON turn % 2 = place WHERE turn < 2 * wanted(2);
CREATE OR REPLACE VIEW r02_head AS SELECT person.pno, person.hno, variant FROM person JOIN planted USING (hno) WHERE rule_id = 'R02' AND k = 1;
INSERT INTO wish_bill SELECT pno, 2000000 FROM r02_head WHERE variant IN ('old and gravely ill', 'ill, and the income unseen');
INSERT INTO wish_loss SELECT hno, 300000, CASE variant WHEN 'old, the loss was paid for' THEN 300000 ELSE 150000 END FROM r02_head WHERE variant NOT LIKE '%ill%' AND variant NOT LIKE '%job%';
INSERT INTO wish_money SELECT hno, 562050 FROM r02_head WHERE variant = 'seen to have exactly the line, struck';
INSERT INTO wish_no_job SELECT hno FROM r02_head;
INSERT INTO wish_job SELECT pno, '2015-02', '2018-11', 50000 FROM r02_head WHERE variant = 'lives alone, lost a small job';
INSERT INTO wish_money SELECT hno, 300000 FROM r02_head WHERE variant = 'lives alone, lost a small job';
INSERT INTO planted SELECT 'N05', variant, '命中', NULL, hno, pno FROM r02_head WHERE variant LIKE '%ill%' AND variant NOT LIKE '%small%';
INSERT INTO planted SELECT 'N03', variant, '命中', 'H1' || digits(hno, 8), hno, NULL FROM r02_head WHERE variant = 'old and gravely ill';
INSERT INTO planted SELECT 'R03', variant, '命中', 'H1' || digits(hno, 8), hno, NULL FROM r02_head WHERE variant IN ('old and gravely ill', 'old and struck by hail', 'lives alone, lost a small job');
INSERT INTO planted SELECT rule_id, variant, '命中', 'H1' || digits(hno, 8), hno, NULL FROM r02_head, (VALUES ('N08'), ('R04')) t(rule_id) WHERE variant = 'lives alone, lost a small job';
