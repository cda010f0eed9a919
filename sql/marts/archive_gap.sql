-- mart.archive_gap
-- 档案缺漏：应有而没有归档、文件不见了、被改动、没有内容、与别的户用了同一个文件的每一份档案，供各单位逐份补办。
-- Grain: one row per level, unit (household, project, or the area of a village, township, county), archive type and year whose document is not in order.
-- 政策依据: 北委发〔2019〕5号 二(一)4 “一户一档…县乡村户四级档案留存，全程公开公示”。
-- Inputs: core.archive_due.
-- Limits: 应有范围和各种情形的口径见 core.archive_due、core.archive_file。档案目录未到或过期时本表为空表，不等于没有缺漏，见 mart.archive_coverage。
--   filed_date、checked_date 为目录上那一份的日期，未归档的为空。
-- Tie-breaks: none.
SELECT
  archive_level_code,
  archive_type_code,
  archive_year,
  household_id,
  project_no,
  village_code,
  town_code,
  county_code,
  document_state AS archive_gap_reason,
  is_shared AS is_shared_file,
  filed_date AS document_filed_date,
  checked_date AS document_checked_date
FROM core.archive_due
WHERE document_state <> '完好'
