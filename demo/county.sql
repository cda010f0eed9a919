-- The county itself, before any department writes about it: villages, households, persons.
-- Variables: seed, people, divisions (path), poor (persons still poor), base (DATE of the county's state).
-- Every table is in the order of its number, so that all files come out in the same order each time.

-- One row per village; 40 poor villages, of which the first four have not exited. Communities (社区) are never poor villages.
CREATE OR REPLACE TABLE village AS
WITH ranked AS (
  SELECT row_number() OVER (ORDER BY village_code) - 1 AS v, *,
    row_number() OVER (ORDER BY ends_with(village_name, '社区'), u(village_code, 'poor village'), village_code) AS poor_rank
  FROM read_csv(getvariable('divisions'), all_varchar = true)
)
SELECT CAST(v AS INTEGER) AS v, village_code, village_name, town_code, town_name, poor_rank <= 40 AS is_poor_village, poor_rank <= 4 AS is_still_poor,
  CASE WHEN poor_rank <= 40 THEN 2014 + dice(v, 'identified', 3) END AS identified_year,
  CASE WHEN poor_rank BETWEEN 5 AND 40 THEN 2017 + dice(v, 'exit', 2) END AS exit_year
FROM ranked ORDER BY v;

-- One row per household: its persons are before_no + 1 … before_no + size.
CREATE OR REPLACE TABLE drawn_household AS
WITH drawn AS (
  SELECT hno, CASE WHEN r < 180000 THEN 1 WHEN r < 500000 THEN 2 WHEN r < 740000 THEN 3 WHEN r < 900000 THEN 4 WHEN r < 970000 THEN 5 ELSE 6 END AS wanted
  FROM (SELECT range AS hno, u(range, 'size') AS r FROM range(1, CAST(getvariable('people') / 2.4 + 50 AS BIGINT)))
), placed AS (
  SELECT hno, wanted, CAST(sum(wanted) OVER (ORDER BY hno) AS BIGINT) AS last_no FROM drawn
)
SELECT hno, last_no - wanted AS before_no, CAST(least(last_no, getvariable('people')) - (last_no - wanted) AS INTEGER) AS size,
  dice(hno, 'village', 242) AS v, u(hno, 'registered') < 200000 AS is_registered
FROM placed WHERE last_no - wanted < getvariable('people') ORDER BY hno;

-- The registered households still poor, exactly getvariable('poor') persons while there are singles to fill up with:
-- about a third of them in the four villages still poor, the others anywhere.
CREATE OR REPLACE TABLE poor_household AS
WITH candidate AS (
  SELECT hno, size, v IN (SELECT v FROM village WHERE is_still_poor) AS in_poor_village, hash(hno, getvariable('seed'), 'poor') AS draw
  FROM drawn_household WHERE is_registered
), first AS (
  SELECT *, sum(size) OVER (PARTITION BY in_poor_village ORDER BY draw, hno) AS running FROM candidate
), ranked AS (
  SELECT *, CAST(sum(size) OVER (ORDER BY NOT (in_poor_village AND running <= 0.3 * getvariable('poor')), draw, hno) AS BIGINT) AS total FROM first
), taken AS (
  SELECT hno, total FROM ranked WHERE total <= getvariable('poor')
), filling AS (
  SELECT hno, row_number() OVER (ORDER BY draw, hno) AS k FROM ranked WHERE total > getvariable('poor') AND size = 1
)
SELECT hno FROM taken
UNION ALL
SELECT hno FROM filling WHERE k <= getvariable('poor') - (SELECT coalesce(max(total), 0) FROM taken);

-- Household with what its members share. The situations are planted here and in `person`.
CREATE OR REPLACE TABLE household AS
SELECT h.hno, h.before_no, h.size, h.v, w.village_code, w.village_name, w.town_code, w.town_name, h.is_registered, p.hno IS NOT NULL AS is_poor,
  CASE WHEN p.hno IS NOT NULL THEN CASE WHEN u(h.hno, 'returned') < 100000 THEN '3' ELSE '0' END
       WHEN h.is_registered THEN CASE WHEN u(h.hno, 'benefits') < 700000 THEN '1' ELSE '4' END END AS poverty_status,
  CASE WHEN h.size = 1 THEN 42 + dice(h.hno, 'age', 46) WHEN h.size = 2 THEN 38 + dice(h.hno, 'age', 44) ELSE 27 + dice(h.hno, 'age', 38) END AS head_age,
  h.is_registered AND u(h.hno, 'house D') < 30000 AS has_house_d,
  h.is_registered AND u(h.hno, 'house D') BETWEEN 30000 AND 59999 AS has_house_rebuilt,
  NOT h.is_registered AND u(h.hno, 'omitted') < 3000 AS is_omitted,
  h.is_registered AND p.hno IS NULL AND u(h.hno, 'water') < 10000 AS has_unsafe_water,
  h.is_registered AND u(h.hno, 'loan') < 350000 OR NOT h.is_registered AND u(h.hno, 'loan') < 65000 AS has_loan,
  h.is_registered AND h.size > 1 AND u(h.hno, 'second loan') < 20000 AS has_second_loan,
  h.is_registered AND u(h.hno, 'overdue') < 40000 AS is_overdue,
  h.is_registered AND u(h.hno, 'company') < 15000 AS is_company_loan,
  h.is_registered AND (p.hno IS NOT NULL OR u(h.hno, 'low') < 250000) OR NOT h.is_registered AND u(h.hno, 'omitted') < 3000 AS is_minimum_living
FROM drawn_household h JOIN village w USING (v) LEFT JOIN poor_household p ON p.hno = h.hno
ORDER BY h.hno;

-- One row per member with role, sex and birth date.
CREATE OR REPLACE TABLE member AS
WITH placed AS (
  SELECT *, before_no + k AS pno, u(hno, 'shape') AS shape, u(hno, 'fourth') < 550000 AS fourth_is_child
  FROM (SELECT *, unnest(range(1, size + 1)) AS k FROM household)
), roles AS (
  SELECT *, CASE
      WHEN k = 1 THEN 'head'
      WHEN k = 2 THEN CASE WHEN size = 2 AND shape < 150000 OR size > 2 AND shape < 60000 THEN 'child' ELSE 'spouse' END
      WHEN k = 3 OR k = 4 AND fourth_is_child THEN 'child'
      WHEN k = 4 OR k = 5 AND (NOT fourth_is_child OR u(hno, 'fifth') < 500000) THEN 'parent'
      WHEN k = 6 AND head_age >= 48 THEN 'grandchild'
      ELSE 'child' END AS role
  FROM placed
), aged AS (
  SELECT *, CASE role
      WHEN 'head' THEN head_age
      WHEN 'spouse' THEN greatest(head_age - 4 + dice(pno, 'age', 8), 20)
      WHEN 'child' THEN CASE WHEN head_age - 20 - dice(pno, 'gap', 15) >= 0 THEN head_age - 20 - dice(pno, 'gap', 15) ELSE dice(pno, 'age', 7) END
      WHEN 'parent' THEN least(head_age + 20 + dice(pno, 'gap', 11), 99)
      ELSE greatest(head_age - 46 - dice(pno, 'gap', 8), 0) END AS age,
    CASE role
      WHEN 'head' THEN u(hno, 'head') < CASE WHEN size = 1 THEN 550000 ELSE 780000 END
      WHEN 'spouse' THEN u(hno, 'head') >= 780000
      WHEN 'parent' THEN (u(hno, 'parent') < 400000) <> (k = 5 AND NOT fourth_is_child)
      ELSE u(pno, 'sex') < 520000 END AS is_male
  FROM roles
)
SELECT * EXCLUDE (shape, fourth_is_child, before_no),
  CAST(getvariable('base') - to_years(CAST(age AS INTEGER)) - to_days(CAST(dice(pno, 'day', 365) AS INTEGER)) AS DATE) AS birth_date
FROM aged;

-- A citizen id nobody can have: divisions 219901 … 219999 are unassigned. Persons born on one day are dealt over them;
-- sequences stay below 996 (which in 15 digits would mean a centenarian).
CREATE OR REPLACE TABLE person AS
WITH dealt AS (
  SELECT *, row_number() OVER (PARTITION BY birth_date, is_male ORDER BY hash(pno, getvariable('seed'), 'id'), pno) - 1 AS r FROM member
), placed AS (
  SELECT *, CASE WHEN r % 2 = 0 AND r < 990 THEN 0 ELSE 1 + (CASE WHEN r % 2 = 1 THEN r // 2 ELSE 20000 + r // 2 END) % 98 END AS division,
    CASE WHEN r % 2 = 0 AND r < 990 THEN r // 2 ELSE (CASE WHEN r % 2 = 1 THEN r // 2 ELSE 20000 + r // 2 END) // 98 END AS turn
  FROM dealt
), numbered AS (
  SELECT * EXCLUDE (r, division, turn), (219901 + division) * 100000000000
      + (year(birth_date) * 10000 + month(birth_date) * 100 + day(birth_date)) * 1000
      + 2 * (1 + (turn + dice(birth_date, 'sequence', 497)) % 497) - CASE WHEN is_male THEN 1 ELSE 0 END AS body, turn
  FROM placed
)
SELECT * EXCLUDE (body, turn), CASE WHEN turn < 497 THEN id_of(body) ELSE error('more people of one birth date than ids') END AS citizen_id,
  family(CASE WHEN role IN ('head', 'child', 'grandchild') OR role = 'parent' AND is_male THEN hno ELSE -pno END) || given(pno, is_male) AS name,
  CASE WHEN is_male THEN '1' ELSE '2' END AS sex_code,
  CASE WHEN is_registered THEN '2199' || digits(hno, 8) END AS household_id,
  CASE WHEN is_registered THEN '2199' || digits(hno, 8) || digits(k, 2) END AS person_id,
  CASE WHEN u(hno, 'ethnic') < 520000 THEN '01' WHEN u(hno, 'ethnic') < 920000 THEN '11' WHEN u(hno, 'ethnic') < 960000 THEN '02'
       WHEN u(hno, 'ethnic') < 980000 THEN '43' WHEN u(hno, 'ethnic') < 992000 THEN '03' ELSE '10' END AS ethnic_code,
  u(pno, 'disabled') < CASE WHEN is_registered THEN 120000 ELSE 30000 END AS is_disabled,
  dice(pno, 'disability level', 4) + 1 AS disability_level,
  u(pno, 'ill') AS illness,
  age BETWEEN 6 AND 15 OR age BETWEEN 3 AND 5 AND u(pno, 'school') < 600000 OR age BETWEEN 16 AND 18 AND u(pno, 'school') < 800000 AS is_pupil,
  is_registered AND age BETWEEN 7 AND 15 AND u(pno, 'drop-out') < 30000 AS is_dropout,
  NOT is_registered AND NOT is_omitted AND age > 50 AND u(pno, 'dead') < 8000
    OR is_registered AND NOT is_poor AND age > 60 AND u(pno, 'dead') < 10000 AS is_dead,
  is_registered AND u(pno, 'uninsured') < 15000 AS is_uninsured,
  is_poor AND age BETWEEN 19 AND 59 AND u(pno, 'pension gap') < 100000 AS has_pension_gap,
  -- The supported poor (特困), and those of working age for whom the government pays the pension's premium.
  NOT is_dead AND (age >= 60 OR age < 16 OR is_disabled) AND (is_poor AND u(hno, 'low') BETWEEN 600000 AND 699999
    OR is_registered AND NOT is_poor AND NOT is_minimum_living AND u(hno, 'type') < 60000) AS is_hardship,
  age BETWEEN 16 AND 59 AND NOT is_pupil AND NOT is_dead AND (is_minimum_living OR is_hardship OR is_disabled AND disability_level < 3) AS is_premium_due,
  -- Rows about these people carry no planted error, so that the county's figures and the situations survive the dirt.
  NOT is_registered AND NOT is_omitted AS is_spare,
  getvariable('as_of') AS data_date
FROM numbered ORDER BY pno;

-- Households in a situation: no error is planted in their registry rows. (Large medical costs are added when known.)
CREATE OR REPLACE TABLE marked AS
SELECT DISTINCT hno FROM person
WHERE is_poor OR is_registered AND (has_house_d OR has_house_rebuilt OR has_unsafe_water OR is_overdue OR has_second_loan
  OR is_company_loan OR is_dropout OR is_dead OR is_uninsured);

DROP TABLE member;
DROP TABLE drawn_household;
DROP TABLE poor_household;
