-- X09 故意分户: a family left the book of relatives with a car or a flat within the year before it was identified; beside them who left long before or after, or left people who own nothing.
CREATE OR REPLACE TEMP TABLE wish AS FROM (VALUES ('left relatives with a car', '命中', 'car', -3, 2), ('left relatives with a flat', '命中', 'flat', 0, 1), ('left relatives with a car a year before', '命中', 'car', -12, 1), ('left relatives with a car long before', '未命中', 'car', -13, 1), ('left relatives with a car afterwards', '未命中', 'car', 1, 1),
  ('left relatives who own nothing', '未命中', 'nothing', -3, 2), ('left a book nobody names', '无法判定', 'unknown', -3, 1)) t(variant, verdict, wealth, months, number);
INSERT INTO planted
SELECT 'X09', variant, verdict, household_id, hno, NULL FROM (
  SELECT *, row_number() OVER (ORDER BY draw) AS place FROM free WHERE class = 'exited'
) JOIN (SELECT *, sum(number) OVER (ORDER BY variant) AS last FROM wish) ON place > last - number AND place <= last;
CREATE OR REPLACE TEMP TABLE book AS
SELECT wealth, hno, row_number() OVER (PARTITION BY wealth ORDER BY draw) AS turn FROM (
  SELECT CASE WHEN c.hno IS NOT NULL AND e.hno IS NULL THEN 'car' WHEN c.hno IS NULL AND e.hno IS NOT NULL THEN 'flat' ELSE 'nothing' END AS wealth, free.hno, draw
  FROM free LEFT JOIN (SELECT DISTINCT hno FROM c_vehicle JOIN person USING (pno) WHERE vehicle_type_code = '1' AND vehicle_status_code = 'A') c USING (hno) LEFT JOIN (SELECT DISTINCT hno FROM c_real_estate JOIN person USING (pno) WHERE acquired_code = '1') e USING (hno)
  WHERE class = 'other' AND head_age BETWEEN 25 AND 60 AND ((c.hno IS NOT NULL) <> (e.hno IS NOT NULL) OR hno NOT IN (SELECT hno FROM c_vehicle JOIN person USING (pno)) AND hno NOT IN (SELECT hno FROM c_real_estate JOIN person USING (pno))));
CREATE OR REPLACE TEMP TABLE leaving AS
SELECT l.hno, book.hno AS former, months FROM (SELECT hno, wealth, months, row_number() OVER (PARTITION BY wealth ORDER BY hno) AS turn FROM planted JOIN wish USING (variant) WHERE rule_id = 'X09') l LEFT JOIN book USING (wealth, turn);
UPDATE c_household_registration AS r SET change_code = '7', change_date = CAST(CAST(CAST(identified_month || '-01' AS DATE) + to_months(CAST(months AS INTEGER)) AS DATE) AS VARCHAR),
  former_hukou_no = CASE WHEN former IS NOT NULL THEN '1' || digits(former, 8) END
FROM leaving JOIN (SELECT pno, hno FROM person WHERE k = 1) h USING (hno) JOIN (SELECT pno, identified_month FROM c_registry_household) g USING (pno) WHERE r.pno = h.pno;
INSERT INTO rested_on SELECT former FROM leaving WHERE former IS NOT NULL;
