-- 村干部: a secretary, a director, a clerk and three heads of groups in each village, from its households that are not registered.
WITH ranked AS (
  SELECT *, row_number() OVER (PARTITION BY v ORDER BY hash(pno, getvariable('seed'), 'cadre'), pno) AS place
  FROM person WHERE NOT is_registered AND NOT is_omitted AND NOT is_dead AND NOT is_premium_due AND age BETWEEN 32 AND 62
)
SELECT pno, village_code, village_name AS village, name, citizen_id, substr('125666', CAST(place AS INTEGER), 1) AS cadre_post_code, CAST(2010 + dice(pno, 'appointed', 9) AS VARCHAR) || '-03-01' AS appointed_date,
  CAST(NULL AS VARCHAR) AS left_date, data_date, FALSE AS is_spare
FROM ranked WHERE place <= 6 ORDER BY v, place
