-- Who is hard to tell apart: minority names, namesakes, people whose id was changed, people who use another's id, newborns whom the police do
-- not know yet. Variables as in county.sql. Nobody whom a county figure or a situation depends on is among them; everybody is in one group.
CREATE OR REPLACE TABLE t_identity (event VARCHAR, person BIGINT, other_person BIGINT, household BIGINT, other_household BIGINT, feed VARCHAR, as_of DATE);

CREATE OR REPLACE MACRO word_of(words, i, tag) AS words[1 + dice(i, tag, len(words))];
CREATE OR REPLACE MACRO dotted(i, male) AS
  CASE WHEN male THEN word_of(['阿卜杜拉', '买买提', '吐尔逊', '艾合买提', '玉素甫', '卡德尔'], i, 'dotted') ELSE word_of(['阿依古丽', '古丽娜尔', '帕提古丽', '热依汗', '阿米娜'], i, 'dotted') END
  || '·' || word_of(['买买提', '依明', '吐尔逊', '阿不都拉', '司马义', '尼亚孜'], i, 'dotted second');
-- The surname of a name.
CREATE OR REPLACE MACRO surname(name) AS CASE WHEN left(name, 2) IN ('欧阳', '司徒', '那拉') THEN left(name, 2) ELSE left(name, 1) END;
-- An id of the division 219900, of which no other person has one; `turn` counts the people of one birth date and sex from 1.
CREATE OR REPLACE MACRO spare_id(birth, male, turn) AS CASE WHEN turn <= 497 THEN
  id_of(21990000000000000 + (year(birth) * 10000 + month(birth) * 100 + day(birth)) * 1000 + 2 * turn - CASE WHEN male THEN 1 ELSE 0 END) ELSE error('more people of one birth date than spare ids') END;

UPDATE person SET name = dotted(pno, is_male), ethnic_code = '05' WHERE u(hno, 'dotted name') < 6000;

-- Nobody of these takes part in anything planted twice.
CREATE OR REPLACE TABLE special (pno BIGINT, hno BIGINT);
CREATE OR REPLACE TABLE candidate AS
SELECT pno, hno, v, k, role, age, is_male, is_registered, name, birth_date, citizen_id, hash(pno, getvariable('seed'), 'identity') AS draw FROM person
WHERE age BETWEEN 20 AND 75 AND NOT is_dead AND NOT is_omitted AND NOT contains(name, '·') AND hno NOT IN (SELECT hno FROM marked);

-- Two of one name, born on one day, in one village: the second is a husband or wife, whose surname nobody else of the household bears.
CREATE OR REPLACE TABLE namesake AS
WITH paired AS (
  SELECT pno, hno, is_registered, name, birth_date, is_male, row_number() OVER w AS place, lead(pno) OVER w AS twin, lead(hno) OVER w AS twin_hno, lead(role) OVER w AS twin_role,
    lead(is_registered) OVER w AS twin_registered, draw
  FROM candidate WHERE role IN ('head', 'spouse') WINDOW w AS (PARTITION BY v, is_male, age ORDER BY role, draw, pno)
)
SELECT * EXCLUDE (place, twin_role, draw) FROM paired WHERE place % 2 = 1 AND twin_role = 'spouse' AND hno <> twin_hno
QUALIFY row_number() OVER (ORDER BY NOT (is_registered OR twin_registered), draw, pno) <= greatest(6, getvariable('people') // 2000);
INSERT INTO special SELECT pno, hno FROM namesake UNION ALL SELECT twin, twin_hno FROM namesake;

-- One id in the rows of two people: a registered person is found under the id of somebody outside the registry.
CREATE OR REPLACE TABLE id_share AS
WITH free AS (
  SELECT *, row_number() OVER (PARTITION BY is_registered ORDER BY draw, pno) AS place FROM candidate WHERE pno NOT IN (SELECT pno FROM special)
)
SELECT x.pno, x.hno, y.pno AS owner, y.hno AS owner_hno, x.citizen_id AS own_id, y.citizen_id AS other_id,
  CASE x.place % 3 WHEN 0 THEN 'registry_person' WHEN 1 THEN 'health_settlement' ELSE 'aid_measure' END AS feed
FROM free x JOIN free y ON x.place = y.place AND x.is_registered AND NOT y.is_registered
WHERE x.place <= greatest(12, getvariable('people') // 1500) AND x.name <> y.name AND x.birth_date <> y.birth_date;
INSERT INTO special SELECT pno, hno FROM id_share UNION ALL SELECT owner, owner_hno FROM id_share;

-- One person, two ids: half were changed before the first delivery, the others between the two. A part also changed name or birth date.
CREATE OR REPLACE TABLE id_change AS
WITH drawn AS (
  SELECT pno, hno, is_male, citizen_id AS new_id, name AS new_name, birth_date AS new_birth, u(pno, 'changed early') < 500000 AS is_early,
    CASE WHEN u(pno, 'changed name') < 350000 AND NOT contains(name, '·') THEN surname(name) || given(-7 * pno, is_male) ELSE name END AS old_name,
    CASE WHEN u(pno, 'changed birth') < 300000 THEN birth_date - CAST(1 + dice(pno, 'changed days', 500) AS INTEGER) ELSE birth_date END AS old_birth
  FROM person WHERE u(pno, 'id changed') < 6000 AND age >= 2 AND NOT is_dead AND NOT is_omitted AND pno NOT IN (SELECT pno FROM special) AND hno NOT IN (SELECT hno FROM marked)
)
SELECT *, is_early OR getvariable('changed') > 0 AS is_done FROM drawn;
INSERT INTO special SELECT pno, hno FROM id_change;

-- All spare ids are dealt at once.
CREATE OR REPLACE TABLE spare AS
SELECT pno, is_twin, spare_id(birth, is_male, row_number() OVER (PARTITION BY birth, is_male ORDER BY pno)) AS id
FROM (SELECT pno, is_male, old_birth AS birth, FALSE AS is_twin FROM id_change UNION ALL SELECT twin, is_male, birth_date, TRUE FROM namesake);
ALTER TABLE id_change ADD COLUMN old_id VARCHAR;
UPDATE id_change SET old_id = id FROM spare WHERE spare.pno = id_change.pno;
UPDATE person SET name = n.name, birth_date = n.birth_date, citizen_id = s.id FROM namesake n JOIN spare s ON s.pno = n.twin AND s.is_twin WHERE person.pno = n.twin;
-- Whose id is changed only later is still the person of old.
UPDATE person SET citizen_id = x.old_id, name = x.old_name, birth_date = x.old_birth FROM id_change x WHERE person.pno = x.pno AND NOT x.is_done;
UPDATE person SET is_spare = FALSE WHERE pno IN (SELECT pno FROM special);

-- Newborns of the registry whom the police register only later: they stand in no file that needs an id.
CREATE OR REPLACE TABLE unknown_child AS
SELECT pno FROM person WHERE is_registered AND age = 0 AND u(pno, 'unknown') < 500000 AND NOT is_disabled AND hno NOT IN (SELECT hno FROM marked);

INSERT INTO t_identity
SELECT 'namesake', pno, twin, hno, twin_hno, NULL, getvariable('base') FROM namesake
UNION ALL SELECT 'id_changed', pno, NULL, hno, NULL, NULL, CASE WHEN is_early THEN getvariable('base') ELSE CAST(getvariable('as_of') AS DATE) END FROM id_change WHERE is_done
UNION ALL SELECT 'unknown_child', pno, NULL, hno, NULL, NULL, getvariable('base') FROM unknown_child JOIN person USING (pno)
ORDER BY ALL;
DROP TABLE candidate;
DROP TABLE spare;
