-- P08 康复、无障碍未覆盖: in the township with most disabled poor people a third of them go without; in the next one in ten, which is less than the fifth that may.
CREATE OR REPLACE TEMP TABLE needing AS
SELECT p.pno, p.hno, p.town_code, row_number() OVER (PARTITION BY p.town_code ORDER BY hash(p.pno, 'P08')) AS place, count(*) OVER (PARTITION BY p.town_code) AS people FROM person p
WHERE p.is_poor AND NOT p.is_dead AND p.pno IN (SELECT pno FROM c_disability WHERE status_code = '1') AND p.hno IN (SELECT hno FROM free);
CREATE OR REPLACE TEMP TABLE town AS
SELECT town_code, row_number() OVER (ORDER BY count(*) DESC, town_code) AS turn, count(*) AS people FROM person WHERE is_poor AND NOT is_dead AND pno IN (SELECT pno FROM c_disability WHERE status_code = '1') GROUP BY town_code;
INSERT INTO planted
SELECT 'P08', CASE turn WHEN 1 THEN 'without service where many are' ELSE 'without service where few are' END, CASE turn WHEN 1 THEN '命中' ELSE '未命中' END, NULL, hno, pno
FROM needing JOIN town USING (town_code) WHERE turn = 1 AND place <= ceil(town.people / 3) OR turn = 2 AND place <= greatest(town.people // 10, 1) AND town.people >= 5;
DELETE FROM c_disability_service WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'P08');
