-- 年度减贫目标名单: frozen in January 2019: everybody who is still poor and the four villages that have not exited. The list is sent once.
SELECT pno, '2019' AS target_year, '1' AS target_kind_code, person_id AS target_no, household_id, village_code, '2019-01-10' AS data_date, FALSE AS is_spare
FROM person WHERE is_poor
UNION ALL
SELECT CAST(NULL AS BIGINT), '2019', '2', village_code, NULL, village_code, '2019-01-10', FALSE FROM village WHERE is_still_poor
ORDER BY target_kind_code, target_no
