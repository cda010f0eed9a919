-- 抽样调查估计值: the survey of the year before. Estimates of this year are added where situations are planted, when all lists are known.
SELECT CAST(NULL AS BIGINT) AS pno, '17' AS figure_code, '210782' AS area_code, '2018-12' AS stat_month, '1' AS survey_code, '12000' AS estimate_value, '300' AS standard_error, '800' AS sample_size,
  '4' AS figure_unit_code, '3' AS scope_code, '农村常住居民' AS scope_note, '2019-03-31' AS data_date, FALSE AS is_spare
