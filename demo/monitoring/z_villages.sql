-- After every other situation: what villages and towns come to, from the rows that departments send, for the rules that judge all of them.
CREATE OR REPLACE TEMP TABLE v_poor AS
SELECT h.village_code, count(DISTINCT p.pno) AS poor FROM c_registry_person p JOIN c_registry_household h USING (household_id) WHERE h.poverty_status_code IN ('0', '2', '3') GROUP BY h.village_code;
CREATE OR REPLACE TEMP VIEW v_rural AS
SELECT pno, village_code FROM c_household_registration
WHERE (hukou_nature_code = '1' OR coalesce(hukou_nature_code, '3') = '3' AND substr(village_code, 10, 1) IN ('2', '3', '5')) AND death_date IS NULL AND coalesce(change_code, '0') NOT IN ('2', '4', '5');

-- V01 村不达标退出: exited villages are brought to exactly two per cent, and to one person more than that, by findings and by people who are not rural.
CREATE OR REPLACE TEMP TABLE v01_pick AS
WITH counted AS (
  SELECT w.village_code, w.v, coalesce(p.poor, 0) AS poor, count(*) AS rural
  FROM village w JOIN v_rural r USING (village_code) LEFT JOIN v_poor p USING (village_code) WHERE w.exit_year IS NOT NULL GROUP BY ALL
), able AS (
  SELECT *, rural // 51 AS wanted, row_number() OVER (ORDER BY v) AS turn FROM counted WHERE rural >= 51 AND poor < rural // 51 AND rural // 51 < 12
)
SELECT village_code, poor, rural, wanted, wanted * 50 + turn % 2 AS target, CASE WHEN turn % 2 = 0 THEN 'exactly two per cent with the missed' ELSE 'four of 201, or the like' END AS variant FROM able WHERE turn <= 6;
CREATE OR REPLACE TEMP TABLE v01_free AS
SELECT r.pno, f.hno, r.village_code, row_number() OVER (PARTITION BY r.village_code ORDER BY f.draw, r.pno) AS turn
FROM v_rural r JOIN person p USING (pno) JOIN free f USING (hno) WHERE f.class = 'other' AND r.village_code IN (SELECT village_code FROM v01_pick) AND NOT p.is_dead;
DELETE FROM v01_pick WHERE rural - target + wanted - poor > (SELECT count(*) FROM v01_free f WHERE f.village_code = v01_pick.village_code);
INSERT INTO c_exit_finding BY NAME
SELECT p.pno, p.name, p.citizen_id, NULL AS household_id, q.village_code, '1' AS finding_kind_code, '2019-05-20' AS found_date, '否' AS is_corrected, p.data_date, FALSE AS is_spare
FROM v01_pick q JOIN v01_free f USING (village_code) JOIN person p USING (pno) WHERE f.turn <= q.wanted - q.poor;
UPDATE c_household_registration SET hukou_nature_code = '2' WHERE pno IN (
  SELECT f.pno FROM v01_pick q JOIN v01_free f USING (village_code) WHERE f.turn > q.wanted - q.poor AND f.turn <= q.wanted - q.poor + q.rural - q.target);
-- One person more or less decides there.
INSERT INTO rested_on SELECT hno FROM household WHERE village_code IN (SELECT village_code FROM v01_pick);
INSERT INTO planted
SELECT 'V01', coalesce(q.variant, CASE WHEN w.is_still_poor THEN 'planned for this year' ELSE 'exited' END),
  CASE WHEN 50 * (coalesce(p.poor, 0) + coalesce(n.missed, 0)) >= r.rural THEN '命中' ELSE '未命中' END, w.village_code, NULL, NULL
FROM village w JOIN (SELECT village_code, count(*) AS rural FROM v_rural GROUP BY village_code) r USING (village_code) LEFT JOIN v_poor p USING (village_code) LEFT JOIN v01_pick q USING (village_code)
  LEFT JOIN (SELECT village_code, count(*) AS missed FROM c_exit_finding WHERE is_corrected = '否' GROUP BY village_code) n USING (village_code)
WHERE w.is_poor_village;

-- T03 悬崖效应: what the measures of all households around the line come to in each town.
INSERT INTO planted
WITH aid AS (
  SELECT household_id, sum(CAST(aid_yuan AS DECIMAL(18, 2))) AS aid FROM c_aid_measure
  WHERE CAST(aid_date AS DATE) > CAST(getvariable('as_of') AS DATE) - INTERVAL 1 YEAR AND CAST(aid_date AS DATE) <= CAST(getvariable('as_of') AS DATE) GROUP BY household_id
), side AS (
  SELECT left(village_code, 9) AS town_code, CAST(net_income_per_head_yuan AS DECIMAL(18, 2)) < 3747 AS is_below, coalesce(aid.aid, 0) AS aid
  FROM c_registry_household LEFT JOIN aid USING (household_id) WHERE CAST(net_income_per_head_yuan AS DECIMAL(18, 2)) >= 2997.6 AND CAST(net_income_per_head_yuan AS DECIMAL(18, 2)) < 4496.4
), town AS (
  SELECT town_code, count(*) FILTER (is_below) AS below, count(*) FILTER (NOT is_below) AS above, round(avg(aid) FILTER (is_below), 2) AS below_aid, round(avg(aid) FILTER (NOT is_below), 2) AS above_aid FROM side GROUP BY town_code
)
SELECT 'T03', CASE WHEN below < 10 OR above < 10 THEN 'too few on one side' WHEN below_aid > 3 * above_aid THEN 'a cliff' ELSE 'no cliff' END,
  CASE WHEN below < 10 OR above < 10 THEN '无法判定' WHEN below_aid > 3 * above_aid THEN '命中' ELSE '未命中' END, town_code, NULL, NULL FROM town;
