-- N01 低保户未建档: the county's omitted households; beside them elder families on the allowance whose means are just high enough, in town, or in the past.
INSERT INTO planted SELECT 'N01', 'omitted in the county', '命中', 'DB' || digits(hno, 9), hno, NULL FROM household WHERE is_omitted;

CREATE OR REPLACE TABLE n01_kind AS FROM (VALUES
  (0, 'means a cent below the line', '命中', '1', '312.24', NULL), (1, 'no figure, but little is seen', '命中', '1', NULL, NULL), (2, 'means exactly the line', '未命中', '1', '312.25', NULL),
  (3, 'on the allowance in town', '未命中', '2', '100.00', NULL), (4, 'no longer on the allowance', '未命中', '1', '100.00', '2019-05')) AS kind(place, variant, verdict, rural_urban_code, means, stopped);
INSERT INTO planted
SELECT 'N01', variant, verdict, 'DB' || digits(hno, 9), hno, NULL
FROM (SELECT *, row_number() OVER (ORDER BY draw) - 1 AS turn FROM elder_free) e JOIN n01_kind ON turn % 5 = place WHERE turn < 5 * wanted(2);
INSERT INTO c_subsistence_allowance BY NAME
SELECT p.pno, 'DB' || digits(p.hno, 9) AS allowance_no, h.name AS head_name, h.citizen_id AS head_citizen_id, p.name, p.citizen_id, CASE p.k WHEN 1 THEN '02' ELSE '10' END AS relation_code,
  kind.rural_urban_code, CASE WHEN p.size > 1 THEN '1' ELSE '2' END AS coverage_code, CAST(p.size AS VARCHAR) AS covered_count, 'B' AS allowance_class_code, kind.means AS monthly_income_per_head_yuan,
  yuan(p.size * 15000) AS monthly_allowance_yuan, '2018-03' AS benefit_start_month, kind.stopped AS benefit_stop_month, CASE WHEN kind.stopped IS NOT NULL THEN '收入超过标准' END AS stop_reason,
  '北镇市农村商业银行' || p.town_name || '支行' AS bank_name, '2199' || digits(p.hno, 9) || digits(dice(p.hno, 'account', 10000), 4) AS bank_account, h.name AS account_name, p.village_code, p.data_date, FALSE AS is_spare
FROM person p JOIN person h ON h.hno = p.hno AND h.k = 1 JOIN planted ON planted.hno = p.hno AND rule_id = 'N01' JOIN n01_kind kind USING (variant);
DELETE FROM c_card_payment WHERE pno IN (SELECT person.pno FROM person JOIN planted USING (hno) WHERE variant = 'no figure, but little is seen');
