-- core.archive_file
-- 档案目录中的每一份文件现在算不算归档：文件在不在，核对的校验值变没变，有没有内容，是不是与别的户用了同一个文件。
-- Grain: one row per unit and document of the index (unit_no, document_no).
-- 政策依据: 北委发〔2019〕5号 二(一)4 “一户一档…县乡村户四级档案”；探索精准扶贫档案数字化管理。
-- Inputs: core.archive_document_now, core.archive_document, ref.run, ref.feed_state.
-- Limits: 归档日期晚于运行日的不算。校验值不分大小写。没有登记校验值的（纸质）不作校验。最近一次核对找不到文件的为文件缺失；
--   以前报来的核对结果在登记的校验值没有变的期间一直算数，重报不带核对结果的目录不会抹掉它。
--   is_shared: 户级文件的校验值也登记在别的户名下；村、乡、县的同一文件可以各存一份，同一户内重复的也不算。目录未到或过期时本表为空表。
--   同一份文件有几个问题时只列一个，次序：文件缺失、校验失败、页数为零、与他户相同。
-- Tie-breaks: of two checks on one day the one that was reported last.
WITH feed AS (
  SELECT coalesce(bool_or(feed = 'archive_document'), FALSE) AS has_archive
  FROM ref.feed_state
  WHERE is_present AND NOT is_stale
),
document AS (
  SELECT
    document.unit_no, document.document_no, document.archive_level_code, document.archive_type_code, document.year,
    document.page_count, document.filed_date,
    lower(document.sha256) AS sha256,
    CASE WHEN document.archive_level_code = '1' THEN lower(document.sha256) END AS household_sha256
  FROM core.archive_document_now AS document
  CROSS JOIN feed
  CROSS JOIN ref.run AS run
  WHERE feed.has_archive AND document.filed_date <= run.as_of
),
-- The latest check of each document as long as the same sum was filed.
checked AS (
  SELECT unit_no, document_no, lower(sha256) AS sha256, lower(checked_sha256) AS checked_sha256, checked_date
  FROM (
    SELECT
      history.*,
      row_number() OVER (
        PARTITION BY history.unit_no, history.document_no, lower(history.sha256) ORDER BY history.checked_date DESC, history.valid_from DESC
      ) AS place
    FROM core.archive_document AS history
    CROSS JOIN ref.run AS run
    WHERE history.checked_date IS NOT NULL AND history.recorded_to = TIMESTAMP '9999-12-31 00:00:00' AND history.valid_from <= run.as_of
  ) AS listed
  WHERE place = 1
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
  checked.checked_date,
  shared.household_sha256 IS NOT NULL AS is_shared,
  CASE
    WHEN checked.checked_date IS NOT NULL AND checked.checked_sha256 IS NULL THEN '文件缺失'
    WHEN checked.checked_sha256 <> document.sha256 THEN '校验失败'
    WHEN document.page_count = 0 THEN '页数为零'
    WHEN shared.household_sha256 IS NOT NULL THEN '与他户相同'
    ELSE '完好'
  END AS document_state
FROM document
LEFT JOIN checked
  ON checked.unit_no = document.unit_no AND checked.document_no = document.document_no
  AND coalesce(checked.sha256, '') = coalesce(document.sha256, '')
LEFT JOIN shared ON shared.household_sha256 = document.household_sha256
