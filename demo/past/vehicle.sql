-- 机动车, a year before: the same vehicles at half their price (Q14: the sum doubled while the list is as long as before).
SELECT * REPLACE (yuan(CAST(replace(price_yuan, '.', '') AS BIGINT) // 2) AS price_yuan, CAST(CAST(CAST(data_date AS DATE) - to_years(1) AS DATE) AS VARCHAR) AS data_date) FROM c_vehicle
WHERE first_registered_date < '2018-06-30'
