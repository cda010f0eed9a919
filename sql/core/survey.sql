-- core.survey
-- 最近一次入户核查：吃、穿、饮水四项，以及只作参考的用电、厕所、广播电视；是否还在有效期内。
-- Grain: one row per surveyed household_id.
-- Scope: household_id
-- 政策依据: 北委发〔2019〕5号 三(一)3 “两不愁、三保障”；国家脱贫攻坚普查公报（饮水：水量、水质、取水方便程度、供水保证率）。
-- Inputs: core.household_survey_now, ref.parameter, ref.run.
-- Limits: 空项是没有核查，不是达标。超过 SURVEY_MONTHS 个月的核查 is_fresh 为假（恰好满期仍有效），参数未录入时为空。
--   饮水任一项为否即不安全，四项都为是才安全，其余为没有核查。
-- Tie-breaks: 同一户取核查日期最晚的一次；一户一天只有一行（数据源的主键）。
WITH parameter AS (
  SELECT max(CASE WHEN parameter.code = 'SURVEY_MONTHS' THEN parameter.value END) AS survey_months
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
last AS (
  SELECT survey.household_id, max(survey.survey_date) AS survey_date
  FROM core.household_survey_now AS survey
  CROSS JOIN ref.run AS run
  WHERE survey.survey_date <= run.as_of
  GROUP BY survey.household_id
)
SELECT
  survey.household_id,
  survey.survey_date,
  12 * (extract(YEAR FROM run.as_of) - extract(YEAR FROM survey.survey_date))
  + extract(MONTH FROM run.as_of) - extract(MONTH FROM survey.survey_date)
  + CASE WHEN extract(DAY FROM run.as_of) > extract(DAY FROM survey.survey_date) THEN 1 ELSE 0 END <= parameter.survey_months AS is_fresh,
  survey.is_food_secure,
  survey.is_clothing_secure,
  survey.is_water_enough,
  survey.is_water_clean,
  survey.is_water_near,
  survey.is_water_steady,
  survey.is_water_enough AND survey.is_water_clean AND survey.is_water_near AND survey.is_water_steady AS is_water_sound,
  survey.has_power,
  survey.is_toilet_sanitary,
  survey.has_broadcast
FROM core.household_survey_now AS survey
INNER JOIN last ON last.household_id = survey.household_id AND last.survey_date = survey.survey_date
CROSS JOIN ref.run AS run
CROSS JOIN parameter
