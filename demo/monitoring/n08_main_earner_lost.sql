-- N08 主要劳动力死亡或失业: families with one or two earners; the main one stopped half a year ago or died; beside them five months, exactly half of the wages, a new job. Half a year
-- without wages is a drop of income too (R04).
CREATE OR REPLACE TABLE n08_kind AS FROM (VALUES
  (0, 'the only earner stopped six months ago', '命中', '2018-11', NULL, NULL, '命中'), (1, 'the main earner died', '命中', NULL, NULL, NULL, '未命中'), (2, 'unemployed since half a year', '命中', NULL, NULL, '2018-12', '命中'),
  (3, 'stopped five months ago', '未命中', '2018-12', NULL, NULL, '命中'), (4, 'exactly half of the wages', '未命中', '2018-11', '2018-11', NULL, '命中'), (5, 'found new work', '未命中', '2018-11', NULL, NULL, '未命中')) AS kind(place, variant, verdict, stopped, spouse, idle_from, dropped);
INSERT INTO planted
SELECT 'N08', variant, verdict, 'H1' || digits(hno, 8), hno, NULL
FROM (SELECT *, row_number() OVER (ORDER BY draw) - 1 AS turn FROM unseen_free WHERE adults >= 2 AND hno IN (SELECT hno FROM person WHERE k = 2 AND age BETWEEN 22 AND 59)) JOIN n08_kind ON turn % 6 = place WHERE turn < 6 * wanted(2);
INSERT INTO planted SELECT 'R04', variant, kind.dropped, subject, hno, NULL FROM planted JOIN n08_kind kind USING (variant) WHERE rule_id = 'N08';
CREATE OR REPLACE VIEW n08_person AS SELECT person.pno, person.hno, person.k, kind.* FROM person JOIN planted USING (hno) JOIN n08_kind kind ON kind.variant = planted.variant WHERE rule_id = 'N08';
INSERT INTO wish_no_job SELECT DISTINCT hno FROM n08_person;
-- In the eighteen months one worked twelve at 3000 before he stopped, the other, who earns exactly as much, all of them at 2000.
INSERT INTO wish_job SELECT pno, '2015-02', stopped, 300000 FROM n08_person WHERE k = 1;
INSERT INTO wish_job SELECT pno, '2015-02', NULL, 200000 FROM n08_person WHERE k = 2 AND spouse IS NOT NULL;
INSERT INTO wish_job SELECT pno, '2019-02', NULL, 300000 FROM n08_person WHERE k = 1 AND variant = 'found new work';
INSERT INTO wish_job SELECT pno, idle_from, NULL, NULL FROM n08_person WHERE k = 1 AND idle_from IS NOT NULL;
INSERT INTO c_death BY NAME
SELECT p.pno, 'SW2020' || digits(p.pno, 9) AS death_certificate_no, p.name, p.citizen_id, p.sex_code, CAST(p.birth_date AS VARCHAR) AS birth_date, '2019-06-20' AS death_date, '医疗卫生机构' AS death_place, p.village_code,
  p.town_name || '卫生院' AS reporting_unit, '2019-06-22' AS registered_date, FALSE AS is_spare
FROM person p JOIN n08_person n USING (pno) WHERE n.k = 1 AND n.variant = 'the main earner died';
