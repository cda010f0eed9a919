-- What happened to registered households in the month between two deliveries. Table `life` (event, hno, turn) says to whom; each household
-- takes part in one event. Person numbers of the registry stay with the person, household numbers follow the household.
CREATE OR REPLACE MACRO household_number(hno) AS '2199' || digits(hno, 8);
SET VARIABLE last_hno = (SELECT max(hno) FROM household);
SET VARIABLE day = CAST(getvariable('as_of') AS DATE);

CREATE OR REPLACE TABLE moving AS
-- The last member goes to another household.
SELECT a.event, p.pno, p.hno, b.hno AS to_hno, 'other' AS role
FROM life a JOIN life b ON b.event = 'moved_to' AND b.turn = a.turn JOIN person p ON p.hno = a.hno AND p.k = p.size WHERE a.event = 'moved'
-- A small household joins another; its number is given up.
UNION ALL SELECT a.event, p.pno, p.hno, b.hno, 'other'
FROM life a JOIN life b ON b.event = 'merged_to' AND b.turn = a.turn JOIN person p ON p.hno = a.hno WHERE a.event = 'merged'
-- A grown child founds a household, with its own child if there is one.
UNION ALL SELECT a.event, p.pno, p.hno, getvariable('last_hno') + a.turn, CASE WHEN p.k = 3 THEN 'head' ELSE 'child' END
FROM life a JOIN person p ON p.hno = a.hno AND (p.k = 3 OR p.role = 'grandchild') WHERE a.event = 'split';
INSERT INTO household
SELECT h.* REPLACE (getvariable('last_hno') + turn AS hno, FALSE AS has_loan, FALSE AS is_minimum_living, q.third_age AS head_age)
FROM household h JOIN life USING (hno) JOIN quiet q USING (hno) WHERE event = 'split' ORDER BY turn;

CREATE OR REPLACE TABLE died AS
SELECT pno, hno FROM life JOIN person USING (hno) WHERE event = 'died' AND k = CASE WHEN u(hno, 'who died') < 500000 THEN 1 ELSE 2 END;

INSERT INTO t_identity
SELECT event, pno, NULL, hno, to_hno, NULL, getvariable('day') FROM moving
UNION ALL SELECT 'died', pno, NULL, hno, NULL, NULL, getvariable('day') FROM died
UNION ALL SELECT 'born', getvariable('people') + turn, NULL, hno, NULL, NULL, getvariable('day') FROM life WHERE event = 'born'
UNION ALL SELECT event, pno, NULL, hno, NULL, NULL, getvariable('day') FROM life JOIN person USING (hno) WHERE event IN ('entered', 'household_renumbered')
UNION ALL SELECT event, pno, NULL, hno, NULL, NULL, getvariable('day') FROM life JOIN person USING (hno) WHERE event = 'person_renumbered' AND k = size
ORDER BY ALL;

UPDATE person SET hno = m.to_hno, household_id = household_number(m.to_hno), role = m.role, k = k + 50 FROM moving m WHERE person.pno = m.pno;
UPDATE person SET is_dead = TRUE, is_registered = FALSE, person_id = NULL, household_id = NULL WHERE pno IN (SELECT pno FROM died);
UPDATE person SET household_id = household_number(50000000 + hno), person_id = household_number(50000000 + hno) || digits(k, 2)
WHERE hno IN (SELECT hno FROM life WHERE event = 'household_renumbered');
UPDATE person SET person_id = household_id || digits(k + 50, 2) WHERE k = size AND hno IN (SELECT hno FROM life WHERE event = 'person_renumbered');
UPDATE household SET is_registered = TRUE, poverty_status = '1' WHERE hno IN (SELECT hno FROM life WHERE event = 'entered');
UPDATE person SET is_registered = TRUE, household_id = household_number(hno), person_id = household_number(hno) || digits(k, 2), is_spare = FALSE
WHERE hno IN (SELECT hno FROM life WHERE event = 'entered');

-- A child is born in July; half of them the police know by the end of the month.
CREATE OR REPLACE TABLE birth AS
SELECT hno, getvariable('people') + turn AS pno, CAST(getvariable('base') + CAST(1 + dice(hno, 'born', 28) AS INTEGER) AS DATE) AS birth_date, u(hno, 'newborn') < 520000 AS is_boy FROM life WHERE event = 'born';
INSERT INTO person
SELECT p.* REPLACE (b.pno AS pno, p.size + 1 AS k, 'child' AS role, 0 AS age, b.is_boy AS is_male, b.birth_date AS birth_date, CASE WHEN b.is_boy THEN '1' ELSE '2' END AS sex_code,
  spare_id(b.birth_date, b.is_boy, row_number() OVER (PARTITION BY b.birth_date, b.is_boy ORDER BY b.pno)) AS citizen_id,
  CASE WHEN contains(p.name, '·') THEN dotted(b.pno, b.is_boy) ELSE surname(p.name) || given(b.pno, b.is_boy) END AS name, p.household_id || digits(p.size + 1, 2) AS person_id,
  FALSE AS is_disabled, 999999 AS illness, FALSE AS is_pupil, FALSE AS is_dropout, FALSE AS is_dead, FALSE AS is_uninsured, FALSE AS has_pension_gap)
FROM person p JOIN birth b USING (hno) WHERE p.k = 1 ORDER BY b.pno;
INSERT INTO unknown_child SELECT pno FROM birth WHERE u(pno, 'unknown') < 500000;

-- Members are counted again from the head on, and have what their household has.
CREATE OR REPLACE TABLE touched AS SELECT hno FROM life UNION SELECT to_hno FROM moving;
UPDATE person SET k = r.k, role = CASE WHEN r.k = 1 THEN 'head' ELSE role END
FROM (SELECT pno, row_number() OVER (PARTITION BY hno ORDER BY is_dead, k, pno) AS k FROM person WHERE hno IN (SELECT hno FROM touched)) r WHERE person.pno = r.pno;
UPDATE household SET size = coalesce((SELECT count(*) FROM person p WHERE p.hno = household.hno AND NOT p.is_dead), 0) WHERE hno IN (SELECT hno FROM touched);
DELETE FROM household WHERE size = 0;
UPDATE person SET size = h.size, v = h.v, village_code = h.village_code, village_name = h.village_name, town_code = h.town_code, town_name = h.town_name,
  poverty_status = h.poverty_status, head_age = h.head_age, has_loan = h.has_loan, is_minimum_living = h.is_minimum_living
FROM household h WHERE person.hno = h.hno AND h.hno IN (SELECT hno FROM touched);
-- No error is planted in the registry's rows about them.
INSERT INTO marked SELECT hno FROM touched WHERE hno NOT IN (SELECT hno FROM marked);
