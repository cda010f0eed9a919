-- 贫困村定点观测: every third poor village in three waves; one of them is lost in the last.
WITH place AS (
  SELECT *, row_number() OVER (ORDER BY u(v, 'observed'), v) AS turn FROM village WHERE is_poor_village
), cell AS (
  SELECT v, village_code, turn, unnest(range(1, 10)) AS indicator, wave, number FROM place CROSS JOIN (VALUES ('2018-06', 0), ('2018-12', 1), ('2019-06', 2)) AS waves(wave, number) WHERE turn <= 13
)
SELECT CAST(NULL AS BIGINT) AS pno, village_code, wave, digits(indicator, 2) AS indicator_code,
  CASE WHEN indicator IN (1, 2, 9) THEN CAST(8000 + 500 * number + dice(100 * v + indicator, 'observed', 4000) AS VARCHAR)
    WHEN indicator IN (3, 4) THEN CAST(100 + dice(100 * v + indicator, 'observed', 900) - 5 * number AS VARCHAR)
    ELSE CAST(least(100, 90 + 3 * number + dice(100 * v + indicator, 'observed', 10)) AS VARCHAR) END AS observed_value,
  data_date, FALSE AS is_spare
FROM cell CROSS JOIN (SELECT getvariable('as_of') AS data_date) WHERE NOT (turn = 13 AND number = 2) ORDER BY village_code, wave, indicator
