-- G14 不愁吃、不愁穿缺项: what the surveyor wrote, or left blank.
CREATE OR REPLACE TABLE g14_kind AS FROM (VALUES
  ('food is a worry', '命中', '否', '是', '2019-05-01', 0), ('clothing is a worry', '命中', '是', '否', '2019-05-01', 1), ('food left blank', '命中', NULL, '是', '2019-05-01', 2), ('the latest of two surveys says no', '命中', '否', '是', '2019-06-20', 3),
  ('the latest of two surveys says yes', '未命中', '是', '是', '2019-06-20', 4), ('surveyed exactly 24 months ago', '未命中', '是', '是', '2017-06-30', 5), ('surveyed too long ago', '无法判定', '是', '是', '2017-06-29', 6), ('never surveyed', '无法判定', NULL, NULL, NULL, 7)
) AS kind(variant, verdict, food, clothing, surveyed, place);
INSERT INTO planted
SELECT 'G14', variant, verdict, household_id, hno, NULL FROM (SELECT *, row_number() OVER (ORDER BY draw) - 1 AS turn FROM free WHERE class = 'exited') JOIN g14_kind ON turn % 8 = place WHERE turn < 8 * wanted(2);
-- An older survey that says the opposite.
INSERT INTO c_household_survey BY NAME
SELECT c.* EXCLUDE (n) REPLACE ('2019-02-01' AS survey_date, CASE WHEN q.variant LIKE '%says yes' THEN '否' ELSE '是' END AS is_food_secure)
FROM c_household_survey c JOIN planted q ON q.subject = c.household_id WHERE q.rule_id = 'G14' AND q.variant LIKE 'the latest of two%';
UPDATE c_household_survey SET is_food_secure = k.food, is_clothing_secure = k.clothing, survey_date = k.surveyed
FROM planted q JOIN g14_kind k USING (variant) WHERE q.rule_id = 'G14' AND q.subject = c_household_survey.household_id AND c_household_survey.survey_date <> '2019-02-01';
DELETE FROM c_household_survey WHERE household_id IN (SELECT subject FROM planted WHERE rule_id = 'G14' AND variant = 'never surveyed');
