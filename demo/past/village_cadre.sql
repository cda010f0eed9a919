-- 村干部, a year before: half of the offices only (heads of groups were not listed), so that this year's list is twice as long (Q14).
SELECT * REPLACE (CAST(CAST(CAST(data_date AS DATE) - to_years(1) AS DATE) AS VARCHAR) AS data_date) FROM c_village_cadre WHERE cadre_post_code IN ('1', '2', '5') AND appointed_date < '2018-06-30'
