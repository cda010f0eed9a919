-- F02 未入库先实施、未公示: projects begun before they were in the library, or with a notice missing or too short; beside them ten days to the day, and a notice without an end.
CREATE OR REPLACE TEMP TABLE told AS
SELECT project_no, unnest(['never stocked', 'begun a month before', 'plan never told', 'told for nine days', 'completion never told', 'told for ten days', 'begun in the month', 'notice without an end'][CAST(turn AS INTEGER):CAST(turn AS INTEGER)]) AS variant
FROM (SELECT project_no, 1 + (row_number() OVER (ORDER BY draw) - 1) % 8 AS turn FROM (FROM free_project WHERE status IN ('5', '6') AND year = 2019 AND way = '5' ORDER BY draw LIMIT 8));
INSERT INTO taken_project FROM told;
UPDATE c_project SET stocked_date = CASE t.variant WHEN 'never stocked' THEN NULL WHEN 'begun a month before' THEN '2019-03-20' WHEN 'begun in the month' THEN '2019-03-20' ELSE stocked_date END,
  actual_start_date = CASE t.variant WHEN 'begun a month before' THEN '2019-02-25' WHEN 'begun in the month' THEN '2019-03-05' ELSE actual_start_date END
FROM told t WHERE t.project_no = c_project.project_no;
DELETE FROM c_project_disclosure WHERE (project_no, notice_stage_code) IN (SELECT (project_no, '2') FROM told WHERE variant = 'plan never told' UNION ALL SELECT (project_no, '3') FROM told WHERE variant = 'completion never told');
UPDATE c_project_disclosure SET to_date = CASE t.variant WHEN 'told for nine days' THEN CAST(CAST(from_date AS DATE) + 8 AS VARCHAR) WHEN 'told for ten days' THEN CAST(CAST(from_date AS DATE) + 9 AS VARCHAR) ELSE NULL END
FROM told t WHERE t.project_no = c_project_disclosure.project_no AND t.variant IN ('told for nine days', 'told for ten days', 'notice without an end');
INSERT INTO planted
SELECT 'F02', variant, CASE WHEN variant IN ('told for ten days', 'begun in the month') THEN '未命中' WHEN variant = 'notice without an end' THEN '无法判定' ELSE '命中' END, project_no, NULL, NULL FROM told;
