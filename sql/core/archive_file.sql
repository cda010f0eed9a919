-- core.archive_file
-- 档案目录中的每一份文件现在算不算归档：文件在不在，核对的校验值变没变，有没有内容，是不是与别的户用了同一个文件。
-- Grain: one row per unit and document of the index (unit_no, document_no).
-- 政策依据: 北委发〔2019〕5号 二(一)4 “一户一档…县乡村户四级档案”；探索精准扶贫档案数字化管理。
-- Inputs: core.archive_document_now, ref.run, ref.feed_state.
-- Limits: 归档日期晚于运行日的不算。校验值不分大小写。没有登记校验值的（纸质）不作校验。最近一次核对找不到文件的为文件缺失。
--   is_shared: 户级文件的校验值也登记在别的户名下；村、乡、县的同一文件可以各存一份，同一户内重复的也不算。目录未到或过期时本表为空表。
--   同一份文件有几个问题时只列一个，次序：文件缺失、校验失败、页数为零、与他户相同。
-- Tie-breaks: none; a document number stands once in a unit's archive.
WITH feed AS (
  SELECT coalesce(bool_or(feed = 'archive_document'), FALSE) AS has_archive
  FROM ref.feed_state
  WHERE is_present AND NOT is_stale
),
document AS (
  SELECT
    document.unit_no, document.document_no, document.archive_level_code, document.archive_type_code, document.year,
    document.page_count, document.filed_date, document.checked_date,
    lower(document.sha256) AS sha256,
    lower(document.checked_sha256) AS checked_sha256,
    CASE WHEN document.archive_level_code = '1' THEN lower(document.sha256) END AS household_sha256
  FROM core.archive_document_now AS document
  CROSS JOIN feed
  CROSS JOIN ref.run AS run
  WHERE feed.has_archive AND document.filed_date <= run.as_of
),
shared AS (
  SELECT household_sha256
  FROM document
  WHERE household_sha256 IS NOT NULL
  GROUP BY household_sha256
  HAVING min(unit_no) <> max(unit_no)
)
SELECT
  document.unit_no,
  document.document_no,
  document.archive_level_code,
  document.archive_type_code,
  document.year AS document_year,
  document.filed_date,
  document.checked_date,
  shared.household_sha256 IS NOT NULL AS is_shared,
  CASE
    WHEN document.checked_date IS NOT NULL AND document.checked_sha256 IS NULL THEN '文件缺失'
    WHEN document.checked_sha256 <> document.sha256 THEN '校验失败'
    WHEN document.page_count = 0 THEN '页数为零'
    WHEN shared.household_sha256 IS NOT NULL THEN '与他户相同'
    ELSE '完好'
  END AS document_state
FROM document
LEFT JOIN shared ON shared.household_sha256 = document.household_sha256
