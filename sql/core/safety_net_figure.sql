-- core.safety_net_figure
-- 兜底各项数字背后的人：每个数字由哪些人组成。mart.safety_net 数这些行，explain 列这些行，两者因此相等。
-- Grain: one row per figure and person.
-- Kept as: view (counted once by the mart and listed on request).
-- 政策依据: 北委发〔2019〕5号 二(一)5、二(三)；同 core.safety_net_person。
-- Inputs: core.member, core.deceased, core.safety_net_person, core.safety_net_ready, ref.parameter, ref.run.
-- Limits: 四格表的范围是在世的建档人口和在册农村人口，低保只算农村低保；城市低保的建档人口由 P10 查。数据源未到的数字没有行。
-- Tie-breaks: none.
WITH parameter AS (
  SELECT max(CASE WHEN parameter.code = 'NURSING_GRADE_MAX' THEN parameter.value END) AS grade_max
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
)
SELECT 'rural_people' AS figure, member.person_key, member.household_id, member.village_code
FROM core.member AS member
CROSS JOIN core.safety_net_ready AS ready
LEFT JOIN core.deceased AS deceased ON deceased.person_key = member.person_key
WHERE ready.has_registry AND (member.is_registered OR (member.is_rural AND member.is_on_register)) AND deceased.person_key IS NULL AND NOT member.is_deceased
UNION ALL
SELECT 'registered_allowance' AS figure, person.person_key, person.household_id, person.village_code
FROM core.safety_net_person AS person
CROSS JOIN core.safety_net_ready AS ready
WHERE ready.has_registry AND ready.has_allowance AND person.is_registered AND person.is_rural_allowance AND NOT person.is_dead
UNION ALL
SELECT 'registered_only' AS figure, person.person_key, person.household_id, person.village_code
FROM core.safety_net_person AS person
CROSS JOIN core.safety_net_ready AS ready
WHERE ready.has_registry AND ready.has_allowance AND person.is_registered AND NOT person.is_rural_allowance AND NOT person.is_dead
UNION ALL
SELECT 'allowance_only' AS figure, person.person_key, person.household_id, person.village_code
FROM core.safety_net_person AS person
CROSS JOIN core.safety_net_ready AS ready
WHERE ready.has_registry AND ready.has_allowance AND NOT person.is_registered AND person.is_rural_resident AND person.is_rural_allowance AND NOT person.is_dead
UNION ALL
SELECT 'hardship_count' AS figure, person.person_key, person.household_id, person.village_code
FROM core.safety_net_person AS person
CROSS JOIN core.safety_net_ready AS ready
WHERE ready.has_hardship AND person.is_hardship AND NOT person.is_dead
UNION ALL
SELECT 'premium_due' AS figure, person.person_key, person.household_id, person.village_code
FROM core.safety_net_person AS person
CROSS JOIN core.safety_net_ready AS ready
WHERE ready.has_premium AND person.is_premium_due
UNION ALL
SELECT 'premium_paid' AS figure, person.person_key, person.household_id, person.village_code
FROM core.safety_net_person AS person
CROSS JOIN core.safety_net_ready AS ready
WHERE ready.has_premium AND person.is_premium_due AND person.government_paid_yuan > 0
UNION ALL
SELECT 'premium_missed' AS figure, person.person_key, person.household_id, person.village_code
FROM core.safety_net_person AS person
CROSS JOIN core.safety_net_ready AS ready
WHERE ready.has_premium AND person.is_premium_due AND person.government_paid_yuan <= 0
UNION ALL
SELECT 'premium_unknown' AS figure, person.person_key, person.household_id, person.village_code
FROM core.safety_net_person AS person
CROSS JOIN core.safety_net_ready AS ready
WHERE ready.has_premium AND person.is_premium_due AND person.government_paid_yuan IS NULL
UNION ALL
SELECT 'premium_wrong' AS figure, person.person_key, person.household_id, person.village_code
FROM core.safety_net_person AS person
CROSS JOIN core.safety_net_ready AS ready
WHERE ready.has_premium_ground AND person.premium_fault IS NOT NULL
UNION ALL
SELECT 'living_due' AS figure, person.person_key, person.household_id, person.village_code
FROM core.safety_net_person AS person
CROSS JOIN core.safety_net_ready AS ready
WHERE ready.has_living AND person.is_living_due
UNION ALL
SELECT 'living_paid' AS figure, person.person_key, person.household_id, person.village_code
FROM core.safety_net_person AS person
CROSS JOIN core.safety_net_ready AS ready
WHERE ready.has_living AND person.is_living_due AND person.living_subsidy_yuan > 0
UNION ALL
SELECT 'living_missed' AS figure, person.person_key, person.household_id, person.village_code
FROM core.safety_net_person AS person
CROSS JOIN core.safety_net_ready AS ready
WHERE ready.has_living AND person.is_living_due AND person.living_subsidy_yuan <= 0
UNION ALL
SELECT 'living_unknown' AS figure, person.person_key, person.household_id, person.village_code
FROM core.safety_net_person AS person
CROSS JOIN core.safety_net_ready AS ready
WHERE ready.has_living AND person.is_living_due AND person.living_subsidy_yuan IS NULL
UNION ALL
SELECT 'nursing_due' AS figure, person.person_key, person.household_id, person.village_code
FROM core.safety_net_person AS person
CROSS JOIN core.safety_net_ready AS ready
WHERE ready.has_nursing AND person.is_nursing_due
UNION ALL
SELECT 'nursing_paid' AS figure, person.person_key, person.household_id, person.village_code
FROM core.safety_net_person AS person
CROSS JOIN core.safety_net_ready AS ready
WHERE ready.has_nursing AND person.is_nursing_due AND person.nursing_subsidy_yuan > 0
UNION ALL
SELECT 'nursing_missed' AS figure, person.person_key, person.household_id, person.village_code
FROM core.safety_net_person AS person
CROSS JOIN core.safety_net_ready AS ready
WHERE ready.has_nursing AND person.is_nursing_due AND person.nursing_subsidy_yuan <= 0
UNION ALL
SELECT 'nursing_unknown' AS figure, person.person_key, person.household_id, person.village_code
FROM core.safety_net_person AS person
CROSS JOIN core.safety_net_ready AS ready
WHERE ready.has_nursing AND person.is_nursing_due AND person.nursing_subsidy_yuan IS NULL
UNION ALL
SELECT 'service_due' AS figure, person.person_key, person.household_id, person.village_code
FROM core.safety_net_person AS person
CROSS JOIN core.safety_net_ready AS ready
WHERE ready.has_service AND person.is_service_due
UNION ALL
SELECT 'service_done' AS figure, person.person_key, person.household_id, person.village_code
FROM core.safety_net_person AS person
CROSS JOIN core.safety_net_ready AS ready
WHERE ready.has_service AND person.is_service_due AND person.is_served
UNION ALL
SELECT 'nursing_wrong' AS figure, person.person_key, person.household_id, person.village_code
FROM core.safety_net_person AS person
CROSS JOIN core.safety_net_ready AS ready
CROSS JOIN parameter
WHERE
  ready.has_nursing AND person.is_certified AND NOT person.is_hardship AND NOT person.is_dead AND person.nursing_subsidy_yuan > 0
  AND CAST(person.disability_grade_code AS INTEGER) > parameter.grade_max
