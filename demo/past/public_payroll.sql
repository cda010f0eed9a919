-- 财政供养人员, a year before: five of six (Q14: a fifth more is no anomaly).
SELECT * REPLACE (CAST(CAST(CAST(data_date AS DATE) - to_years(1) AS DATE) AS VARCHAR) AS data_date) FROM c_public_payroll WHERE u(n, 'hired') < 833333
