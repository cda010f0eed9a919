-- R06 风险与帮扶不匹配: risks of house, water and illness without what answers them; beside them measures told in other words, noted by the measures' own list, an amount left blank, a risk that is over.
CREATE OR REPLACE TABLE r06_kind AS FROM (VALUES
  (0, 'house at risk, cattle given', '命中', '09', '产业帮扶', '0.00', NULL), (1, 'water at risk, work given', '命中', '10', '就业帮扶', '0.00', NULL), (2, 'ill, and nothing to pay', '命中', '01', '健康帮扶', '0.00', NULL), (3, 'house at risk, the measure is older', '命中', '09', '产业帮扶', '0.00', '2018-10-20'),
  (4, 'house at risk, moved elsewhere', '未命中', '09', '易地搬迁安置', '0.00', NULL), (5, 'house at risk, a measure on the list', '未命中', '09', '产业帮扶', '0.00', '2018-11-01'), (6, 'ill, and pays something', '未命中', '01', '健康帮扶', '0.01', NULL),
  (7, 'ill, the amount left blank', '无法判定', '01', '健康帮扶', NULL, NULL), (8, 'nothing done, but the risk is over', '未命中', '10', NULL, '0.00', NULL)) AS kind(place, variant, verdict, risk, measures, eligible, helped);
INSERT INTO planted
SELECT 'R06', variant, verdict, household_id, hno, NULL
FROM (SELECT *, row_number() OVER (ORDER BY draw) - 1 AS turn FROM free WHERE class = 'exited' AND adults > 0 AND u(hno, 'nature') < 850000 AND disabled = 0 AND NOT has_loan AND head_age BETWEEN 25 AND 58) JOIN r06_kind ON turn % 9 = place WHERE turn < 9 * wanted(1);
CREATE OR REPLACE VIEW r06_head AS SELECT person.*, kind.* FROM person JOIN planted USING (hno) JOIN r06_kind kind ON kind.variant = planted.variant WHERE rule_id = 'R06' AND k = 1;
DELETE FROM c_monitored_household WHERE pno IN (SELECT pno FROM r06_head);
INSERT INTO wish_income SELECT hno, 900000, NULL FROM r06_head;
INSERT INTO c_monitored_household BY NAME
SELECT pno, household_id, village_code, name AS head_name, citizen_id AS head_citizen_id, CAST(size AS VARCHAR) AS member_count, '1' AS monitored_kind_code, '2018-11-08' AS monitored_date, '07' AS risk_1_code, risk AS risk_2_code, '5100.00' AS monitor_income_per_head_yuan,
  '5620.50' AS income_reference_yuan, eligible AS eligible_self_paid_yuan, measures, yes_no(place = 8) AS is_risk_cleared, CASE place WHEN 8 THEN '1' END AS cleared_way_code, CASE place WHEN 8 THEN '2019-05-20' END AS cleared_date, data_date, FALSE AS is_spare
FROM r06_head;
DELETE FROM c_aid_measure WHERE pno IN (SELECT pno FROM r06_head) AND aid_kind_code IN ('05', '06');
INSERT INTO c_aid_measure BY NAME
SELECT pno, household_id, name, citizen_id, '05' AS aid_kind_code, '危房修缮' AS aid_content, '7000.00' AS aid_yuan, helped AS aid_date, data_date, FALSE AS is_spare FROM r06_head WHERE helped IS NOT NULL;
