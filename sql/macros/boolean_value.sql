-- boolean_value(plain)
-- 是否：是/否、有/无、1/0、√/×、Y/N、TRUE/FALSE。
-- Grain: one tidied cell.
SELECT
  CASE
    WHEN regexp_full_match(upper(plain), '是|有|1|√|✓|✔|Y|YES|TRUE|T|1\.0|对') THEN TRUE
    WHEN regexp_full_match(upper(plain), '否|无|0|×|X|N|NO|FALSE|F|0\.0|没有|未') THEN FALSE
  END AS value
FROM cell
