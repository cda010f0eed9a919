-- T04 政策断档: help that came every year and has ceased for people who still should have it; pupils who have left school, posts of the old, things given once, and help that goes on.
CREATE OR REPLACE TABLE t04_kind AS FROM (VALUES
  ('a pupil without education aid', '命中', '03', 0, 'pupil'), ('a year without the safety net', '命中', '09', 0, 'adult'), ('health help ended', '命中', '04', 1, 'adult'), ('lost the public post', '命中', '08', 2, 'adult'),
  ('left school', '未命中', '03', 3, 'adult'), ('a post of one who is sixty', '未命中', '08', 0, 'old'), ('business help is given once', '未命中', '01', 4, 'adult'), ('help goes on', '未命中', '04', 5, 'adult')
) AS kind(variant, verdict, kind_code, place, who);
CREATE OR REPLACE TABLE t04_free AS
SELECT f.hno, f.household_id, f.draw, p.pno, p.who, row_number() OVER (PARTITION BY p.who ORDER BY f.draw) - 1 AS turn
FROM free f JOIN household h USING (hno) JOIN (
  SELECT hno, CASE WHEN bool_or(is_pupil AND age BETWEEN 6 AND 15) THEN 'pupil' WHEN bool_or(k = 1 AND age BETWEEN 61 AND 80) THEN 'old' WHEN bool_or(k = 1 AND age BETWEEN 25 AND 55 AND NOT is_pupil) THEN 'adult' END AS who,
    coalesce(min(pno) FILTER (is_pupil AND age BETWEEN 6 AND 15), min(pno)) AS pno FROM person GROUP BY hno) p USING (hno)
WHERE f.class = 'exited' AND h.poverty_status = '1' AND p.who IS NOT NULL;
CREATE OR REPLACE TABLE t04_pick AS
SELECT k.variant, k.verdict, k.kind_code, f.hno, f.household_id, f.pno
FROM t04_free f JOIN t04_kind k ON k.who = f.who AND f.turn % CASE WHEN f.who = 'adult' THEN 6 ELSE 1 END = k.place WHERE f.turn < CASE WHEN f.who = 'adult' THEN 6 ELSE 1 END * wanted(2);
INSERT INTO planted SELECT 'T04', variant, verdict, household_id, hno, NULL FROM t04_pick;
UPDATE c_registry_household SET exit_year = '2018' WHERE household_id IN (SELECT household_id FROM t04_pick);
DELETE FROM c_aid_measure WHERE pno IN (SELECT pno FROM t04_pick WHERE variant <> 'help goes on') AND aid_kind_code IN ('03', '04', '08', '09');
INSERT INTO c_aid_measure BY NAME
SELECT pno, q.household_id, name, citizen_id, kind_code AS aid_kind_code, '按年帮扶' AS aid_content, '600.00' AS aid_yuan, '2018-05-10' AS aid_date, NULL AS project_no, data_date, FALSE AS is_spare FROM t04_pick q JOIN person USING (pno);
INSERT INTO c_aid_measure BY NAME
SELECT pno, q.household_id, name, citizen_id, kind_code AS aid_kind_code, '按年帮扶' AS aid_content, '600.00' AS aid_yuan, '2019-05-10' AS aid_date, NULL AS project_no, data_date, FALSE AS is_spare FROM t04_pick q JOIN person USING (pno) WHERE variant = 'help goes on';
