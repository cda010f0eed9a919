-- 项目公示: one row per notice: on the website and in the village, for every stage that a project has reached.
WITH stage AS (
  SELECT *, '1' AS stage, stocked + 1 AS from_day FROM project_money()
  UNION ALL SELECT *, '2', started - 25 FROM project_money() WHERE status NOT IN ('1', '9')
  UNION ALL SELECT *, '3', ended + 2 FROM project_money() WHERE status IN ('4', '5', '6')
), placed AS (
  SELECT *, unnest(['1', '3']) AS place FROM stage
)
SELECT CAST(NULL AS BIGINT) AS pno, project_no, village_name || '项目' AS project_name, stage AS notice_stage_code, place AS notice_place_code, CAST(from_day AS VARCHAR) AS from_date,
  CAST(from_day + 9 + CAST(dice(i, 'notice days', 5) AS INTEGER) AS VARCHAR) AS to_date, CASE WHEN place = '1' THEN 'http://xiangmu.test/' || lower(project_no) END AS notice_url,
  CASE WHEN place = '3' THEN 'ZP' || digits(i, 4) || stage END AS photo_no,
  village_name || '扶贫项目公示：资金规模' || yuan(budget) || '元，受益建档立卡户' || CAST(households AS VARCHAR) || '户，公示期' || CAST(from_day AS VARCHAR) || '至' || CAST(from_day + 13 AS VARCHAR) AS notice_content,
  yes_no(FALSE) AS has_objection, CAST(NULL AS VARCHAR) AS objection, CAST(NULL AS VARCHAR) AS objection_result, getvariable('as_of') AS data_date, FALSE AS is_spare
FROM placed JOIN village USING (v) ORDER BY i, stage, place
