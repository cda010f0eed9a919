-- F03 资金滞留: documents of which nothing was paid for 31 days, and one of last year that is left over; beside them exactly thirty days, a reduction, and money that the
-- treasury says it has spent.
CREATE OR REPLACE TEMP TABLE idle AS
SELECT *, '锦财指农〔' || CAST(year AS VARCHAR) || '〕' || CAST(number AS VARCHAR) || '号' AS allotment_no FROM (VALUES
  (2019, 301, 'nothing paid for 31 days', '命中', 31, 20000000, 0), (2019, 302, 'nothing paid for months', '命中', 120, 5000000, 0), (2018, 303, 'left over at the end of the year', '命中', 300, 30000000, 20000000),
  (2018, 304, 'nothing of last year''s was paid', '命中', 400, 10000000, 0), (2019, 305, 'nothing paid for exactly thirty days', '未命中', 30, 20000000, 0),
  (2019, 306, 'spent says the treasury, no voucher yet', '未命中', 90, 20000000, 10000000), (2019, 307, 'a reduction', '未命中', 90, -5000000, 0)) AS t(year, number, variant, verdict, days, cents, spent);
INSERT INTO c_fund_allotment BY NAME
SELECT CAST(NULL AS BIGINT) AS pno, allotment_no, '2' AS fund_level_code, '扶贫专项' AS fund_name, CAST(year AS VARCHAR) AS budget_year, CAST(cents // 100 AS VARCHAR) || '.00' AS allotted_yuan,
  CAST(CAST(getvariable('as_of') AS DATE) - CAST(days AS INTEGER) AS VARCHAR) AS allotted_date, '北镇市扶贫办' AS receiving_unit, '统筹使用' AS restriction, '否' AS is_carried_over, '0.00' AS carried_over_yuan,
  CAST(spent // 100 AS VARCHAR) || '.00' AS spent_yuan, CAST((cents - spent) // 100 AS VARCHAR) || '.00' AS unspent_yuan, getvariable('as_of') AS data_date, FALSE AS is_spare
FROM idle;
INSERT INTO planted SELECT 'F03', variant, verdict, allotment_no, NULL, NULL FROM idle;
