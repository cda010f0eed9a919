-- 四级档案目录: what the registered households, the villages, the townships and the county keep of every year. What else is due follows from the other feeds (demo/monitoring/zz_archive.sql).
WITH paper AS (
  SELECT '1' AS level, household_id AS unit, type, year FROM person CROSS JOIN (VALUES ('11', '2014'), ('12', '2018'), ('13', '2018'), ('14', '2014')) AS kinds(type, year) WHERE k = 1 AND is_registered
  UNION ALL SELECT '2', village_code, type, '2018' FROM village CROSS JOIN (VALUES ('21'), ('22'), ('23')) AS kinds(type)
  UNION ALL SELECT '3', town_code, type, '2018' FROM (SELECT DISTINCT town_code FROM village) CROSS JOIN (VALUES ('23'), ('41')) AS kinds(type)
  UNION ALL SELECT '4', '210782', type, '2018' FROM (VALUES ('23'), ('51')) AS kinds(type)
), numbered AS (
  SELECT *, level || '-' || unit || '-' || type || '-' || year AS id FROM paper
)
SELECT CAST(NULL AS BIGINT) AS pno, level AS archive_level_code, unit AS unit_no, type || '-' || year AS document_no, type AS archive_type_code, year, CAST(1 + dice(id, 'pages', 12) AS VARCHAR) AS page_count,
  unit || '/' || type || '-' || year || '.pdf' AS storage_name, sha256(id || CAST(getvariable('seed') AS VARCHAR)) AS sha256, '2018-12-' || digits(1 + dice(id, 'filed', 28), 2) AS filed_date,
  CAST(NULL AS VARCHAR) AS filer_name, CAST(NULL AS VARCHAR) AS checked_sha256, CAST(NULL AS VARCHAR) AS checked_date, FALSE AS is_spare
FROM numbered ORDER BY level, unit, document_no
