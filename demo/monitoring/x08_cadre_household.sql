-- X08 村干部家庭: a member in office; beside them heads of groups, the village's doctor, and who has left office.
CREATE OR REPLACE TEMP TABLE wish AS FROM (VALUES ('secretary of the village', '命中', '1', NULL, 1), ('keeps the books of the village', '命中', '5', NULL, 2), ('leaves office at the end of the year', '命中', '4', '2019-12-31', 1), ('head of a group', '未命中', '6', NULL, 2), ('another task in the village', '未命中', '9', NULL, 1),
  ('left office on the day', '未命中', '2', '2019-06-30', 1)) t(variant, verdict, office, until, number);
INSERT INTO planted
SELECT 'X08', variant, verdict, household_id, hno, NULL FROM (
  SELECT *, row_number() OVER (ORDER BY draw) AS place FROM free WHERE class = 'exited' AND head_age BETWEEN 30 AND 60 AND NOT is_minimum_living AND disabled = 0
) JOIN (SELECT *, sum(number) OVER (ORDER BY variant) AS last FROM wish) ON place > last - number AND place <= last;
INSERT INTO c_village_cadre BY NAME
SELECT p.pno, p.village_code, p.village_name AS village, p.name, p.citizen_id, office AS cadre_post_code, '2016-03-01' AS appointed_date, until AS left_date, p.data_date, FALSE AS is_spare
FROM planted JOIN wish USING (variant) JOIN person p USING (hno) WHERE rule_id = 'X08' AND p.k = 1;
