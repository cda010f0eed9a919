-- R04 收入骤减: wages cut by exactly three tenths, and by a little less; somebody who works since this year only; registered incomes
-- against those of a year before, and a household that was not listed then.
CREATE OR REPLACE TABLE r04_kind AS FROM (VALUES
  (0, 'wages cut by exactly three tenths', '命中', '2018-05', 400000, 280000), (1, 'wages halved', '命中', '2018-05', 400000, 200000), (2, 'wages cut by a little less', '未命中', '2018-05', 400000, 280010), (3, 'at work since this year', '未命中', NULL, NULL, 100000)) AS kind(place, variant, verdict, stopped, before, after);
INSERT INTO planted
SELECT 'R04', variant, verdict, 'H1' || digits(hno, 8), hno, NULL
FROM (SELECT *, row_number() OVER (ORDER BY draw) - 1 AS turn FROM unseen_free WHERE adults >= 2) JOIN r04_kind ON turn % 4 = place WHERE turn < 4 * wanted(2);
INSERT INTO planted SELECT 'R04', 'wages of a registered household halved', '命中', 'R' || household_id, hno, NULL FROM free WHERE class = 'exited' AND NOT has_loan AND head_age BETWEEN 25 AND 58 AND disabled = 0 AND u(hno, 'nature') < 850000 ORDER BY draw LIMIT wanted(2);
INSERT INTO wish_no_job SELECT DISTINCT hno FROM planted WHERE rule_id = 'R04' AND variant IN (SELECT variant FROM r04_kind UNION ALL SELECT 'wages of a registered household halved');
INSERT INTO wish_job SELECT person.pno, '2015-02', stopped, before FROM person JOIN planted USING (hno) JOIN r04_kind USING (variant) WHERE rule_id = 'R04' AND k = 1 AND before IS NOT NULL;
INSERT INTO wish_job SELECT person.pno, CASE WHEN before IS NULL THEN '2019-01' ELSE '2018-06' END, NULL, after FROM person JOIN planted USING (hno) JOIN r04_kind USING (variant) WHERE rule_id = 'R04' AND k = 1;
INSERT INTO wish_job SELECT pno, unnest(['2015-02', '2018-06']), unnest(['2018-05', NULL]), unnest([200000, 100000]) FROM (SELECT person.pno, person.k FROM person JOIN planted USING (hno) WHERE variant = 'wages of a registered household halved') WHERE k = 1;
INSERT INTO wish_income SELECT hno, 900000, 600000 FROM planted WHERE variant = 'wages of a registered household halved';
CREATE OR REPLACE TABLE r04_then AS FROM (VALUES
  (0, 'registered income less by exactly three tenths', '命中', 700000, 1000000), (1, 'registered income halved', '命中', 600000, 1200000), (2, 'registered income less by a little under three tenths', '未命中', 700001, 1000000), (3, 'not listed a year ago', '无法判定', 700000, NULL)) AS kind(place, variant, verdict, per_head, formerly);
INSERT INTO planted
SELECT 'R04', variant, verdict, 'R' || household_id, hno, NULL
FROM (SELECT *, row_number() OVER (ORDER BY draw) - 1 AS turn FROM free WHERE class = 'exited' AND NOT has_loan AND head_age < 60 AND disabled = 0 AND u(hno, 'nature') < 850000) JOIN r04_then ON turn % 4 = place WHERE turn < 4 * wanted(2);
INSERT INTO wish_income SELECT hno, per_head, NULL FROM planted JOIN r04_then USING (variant) WHERE rule_id = 'R04';
INSERT INTO past_income SELECT subject[2:], formerly FROM planted JOIN r04_then USING (variant) WHERE rule_id = 'R04';
