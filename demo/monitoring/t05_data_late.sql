-- T05 数据迟报: the training list is three months and a day old (demo/feeds); real estate is as old as it may be, the list of targets older but agreed to be.
UPDATE c_real_estate SET data_date = CAST(CAST(CAST(getvariable('as_of') AS DATE) - INTERVAL 92 DAY AS DATE) AS VARCHAR);
INSERT INTO planted VALUES ('T05', 'a day beyond the time agreed', '命中', 'employment_training', NULL, NULL), ('T05', 'on the last day', '未命中', 'real_estate', NULL, NULL), ('T05', 'old, but agreed for more than a year', '未命中', 'target_baseline', NULL, NULL);
