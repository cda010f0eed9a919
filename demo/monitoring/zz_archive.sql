-- D24 四级档案: after every other situation, whatever the rows of the departments make due is filed; then some of it is missing, changed, gone, empty or a copy.
CREATE OR REPLACE TEMP TABLE d24_due AS
WITH family AS (
  SELECT household_id, CAST(left(identified_month, 4) AS BIGINT) AS identified, poverty_status_code, CAST(exit_year AS BIGINT) AS exit_year FROM c_registry_household
), work AS (
  SELECT DISTINCT p.household_id, r.year, r.started_date IS NOT NULL OR r.completed_date IS NOT NULL AS is_started, r.completed_date IS NOT NULL AS is_completed
  FROM c_housing_renovation r JOIN person p USING (pno) WHERE p.is_registered
)
SELECT DISTINCT level, unit, type, CAST(year AS VARCHAR) AS year, is_any FROM (
  SELECT '1' AS level, household_id AS unit, type, identified AS year, TRUE AS is_any FROM family CROSS JOIN (VALUES ('11'), ('14')) AS kinds(type) WHERE identified <= 2019
  UNION ALL SELECT '1', household_id, type, 2018, FALSE FROM family CROSS JOIN (VALUES ('12'), ('13')) AS kinds(type) WHERE identified <= 2018
  UNION ALL SELECT '1', household_id, '15', coalesce(exit_year, 2014), TRUE FROM family WHERE poverty_status_code IN ('1', '4') AND coalesce(exit_year, 2014) <= 2019
  UNION ALL SELECT '1', household_id, '16', year, TRUE FROM (SELECT household_id, min(left(monitored_date, 4)) AS year FROM c_monitored_household GROUP BY household_id) WHERE year = '2019'
  UNION ALL SELECT '1', household_id, unnest(['31', '32', '33', '34', '36']), year, FALSE FROM work
  UNION ALL SELECT '1', household_id, '37', year, FALSE FROM work WHERE is_started
  UNION ALL SELECT '1', household_id, unnest(['35', '38']), year, FALSE FROM work WHERE is_completed
  UNION ALL SELECT '2', village_code, type, 2018, FALSE FROM (SELECT DISTINCT village_code FROM c_registry_household) CROSS JOIN (VALUES ('21'), ('22'), ('23')) AS kinds(type)
  UNION ALL SELECT '2', village_code, '24', exit_year, TRUE FROM c_village WHERE is_poor_village = '是' AND exit_year <= '2019'
  UNION ALL SELECT '4', project_no, '61', project_year, TRUE FROM c_project WHERE project_status_code <> '9'
  UNION ALL SELECT '4', project_no, '62', project_year, TRUE FROM c_project WHERE project_status_code IN ('5', '6')
);
INSERT INTO c_archive_document BY NAME
SELECT level AS archive_level_code, unit AS unit_no, type || '-' || year AS document_no, type AS archive_type_code, year, CAST(1 + dice(level || unit || type || year, 'pages', 12) AS VARCHAR) AS page_count,
  unit || '/' || type || '-' || year || '.pdf' AS storage_name, sha256(level || '-' || unit || '-' || type || '-' || year || CAST(getvariable('seed') AS VARCHAR)) AS sha256,
  year || '-06-' || digits(1 + dice(level || unit || type || year, 'filed', 28), 2) AS filed_date, FALSE AS is_spare
FROM d24_due WHERE (level, unit, type || '-' || year) NOT IN (SELECT archive_level_code, unit_no, document_no FROM c_archive_document)
  AND NOT (is_any AND (level, unit, type) IN (SELECT archive_level_code, unit_no, archive_type_code FROM c_archive_document));

-- One document of a unit at most; copies go to two households that follow each other. place: the turn of ten in which a unit gets this situation.
CREATE OR REPLACE TEMP TABLE d24_kind AS FROM (VALUES
  ('1', 'never filed', '未归档', 0), ('1', 'changed since it was filed', '校验失败', 1), ('1', 'not found any more', '文件缺失', 2), ('1', 'without a page', '页数为零', 3), ('1', 'one file for two households', '与他户相同', 4), ('1', 'one file for two households', '与他户相同', 5),
  ('1', 'checked, in capital letters', NULL, 6), ('1', 'changed, and filed anew', NULL, 7), ('1', 'one file twice in a household', NULL, 8), ('1', 'on paper, pages not counted', NULL, 9),
  ('2', 'never filed', '未归档', 0), ('2', 'changed since it was filed', '校验失败', 1), ('2', 'one file for two villages', NULL, 2), ('2', 'one file for two villages', NULL, 3),
  ('4', 'never filed', '未归档', 0), ('4', 'not found any more', '文件缺失', 1), ('4', 'filed in another year', NULL, 2)
) AS kind(level, variant, reason, place);
CREATE OR REPLACE TEMP TABLE d24_pick AS
WITH one AS (
  SELECT level, unit, arg_min({'type': type, 'year': year, 'is_any': is_any}, hash(type, year, unit, getvariable('seed'))) AS paper, hash(unit, getvariable('seed'), 'archive') AS draw FROM d24_due
  WHERE level <> '4' OR type = '61' GROUP BY level, unit
), turned AS (
  SELECT *, row_number() OVER (PARTITION BY level ORDER BY draw, unit) - 1 AS turn FROM one
)
SELECT level, unit, paper.type AS type, paper.year AS year, paper.is_any AS is_any, turn // CASE level WHEN '1' THEN 10 ELSE 4 END AS round, k.variant, k.reason
FROM turned JOIN d24_kind k USING (level) WHERE turn % CASE level WHEN '1' THEN 10 ELSE 4 END = k.place AND turn < CASE level WHEN '1' THEN 10 * wanted(8) ELSE 4 * wanted(2) END;
DELETE FROM c_archive_document USING d24_pick q WHERE q.variant = 'never filed' AND archive_level_code = q.level AND unit_no = q.unit AND archive_type_code = q.type AND (q.is_any OR c_archive_document.year = q.year);
UPDATE c_archive_document SET
  checked_date = CASE WHEN q.variant IN ('changed since it was filed', 'not found any more', 'checked, in capital letters', 'changed, and filed anew') THEN '2019-06-20' END,
  checked_sha256 = CASE WHEN q.variant IN ('changed since it was filed', 'changed, and filed anew') THEN sha256('changed' || c_archive_document.sha256) WHEN q.variant = 'checked, in capital letters' THEN c_archive_document.sha256 END,
  page_count = CASE q.variant WHEN 'without a page' THEN '0' WHEN 'on paper, pages not counted' THEN NULL ELSE page_count END,
  sha256 = CASE WHEN q.variant IN ('one file for two households', 'one file for two villages') THEN sha256('copy' || q.level || CAST(q.round AS VARCHAR)) WHEN q.variant = 'on paper, pages not counted' THEN NULL
    WHEN q.variant = 'checked, in capital letters' THEN upper(c_archive_document.sha256) ELSE c_archive_document.sha256 END,
  filed_date = CASE WHEN q.variant = 'filed in another year' THEN '2019-05-05' ELSE filed_date END,
  year = CASE WHEN q.variant = 'filed in another year' THEN '2017' ELSE c_archive_document.year END
FROM d24_pick q WHERE archive_level_code = q.level AND unit_no = q.unit AND archive_type_code = q.type AND (q.is_any OR c_archive_document.year = q.year);
INSERT INTO c_archive_document BY NAME
SELECT d.* REPLACE (d.document_no || '-2' AS document_no, CASE WHEN q.variant = 'changed, and filed anew' THEN sha256('anew' || d.sha256) ELSE d.sha256 END AS sha256, NULL AS checked_sha256, NULL AS checked_date, '2019-06-25' AS filed_date, NULL AS n)
FROM c_archive_document d JOIN d24_pick q ON archive_level_code = q.level AND unit_no = q.unit AND archive_type_code = q.type AND (q.is_any OR d.year = q.year) WHERE q.variant IN ('changed, and filed anew', 'one file twice in a household');
-- No rule judges archives: the truth of mart.archive_gap, subject unit/type/year and the reason.
INSERT INTO planted
SELECT 'D24', variant, coalesce(reason, '完好'), unit || '/' || type || '/' || year, NULL, NULL FROM d24_pick;
