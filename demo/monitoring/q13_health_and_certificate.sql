-- Q13 健康状况与残疾证矛盾: disabled by the registry alone, healthy with a certificate; beside them a certificate and a chronic illness, and a health that nobody wrote down.
INSERT INTO planted
SELECT 'Q13', 'disabled without a certificate', '命中', NULL, hno, pno FROM q_free JOIN (SELECT hno, pno FROM person WHERE k = 1) USING (hno) ORDER BY draw LIMIT wanted(2);
CREATE OR REPLACE TABLE q13_kind AS FROM (VALUES (0, 'a certificate and healthy', '命中', '01'), (1, 'a certificate and chronically ill', '未命中', '02'), (2, 'a certificate and no health', '无法判定', NULL)) AS kind(place, variant, verdict, health);
INSERT INTO planted
SELECT 'Q13', variant, verdict, NULL, hno, pno FROM (
  SELECT hno, pno, row_number() OVER (ORDER BY draw) - 1 AS turn FROM free JOIN (SELECT hno, pno, age, disability_level FROM person WHERE k = 1 AND is_disabled AND NOT is_hardship) USING (hno)
  WHERE class = 'exited' AND NOT is_minimum_living AND NOT has_loan AND age BETWEEN 25 AND 80 AND disability_level > 2 AND size > 1
) JOIN q13_kind ON turn % 3 = place WHERE turn < 3 * wanted(2);
UPDATE c_registry_person SET health_code = '04' WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'Q13' AND variant = 'disabled without a certificate');
UPDATE c_registry_person SET health_code = k.health FROM planted q JOIN q13_kind k USING (variant) WHERE q.rule_id = 'Q13' AND q.pno = c_registry_person.pno;
