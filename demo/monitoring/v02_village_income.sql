-- V02 贫困村收入未翻番或增幅低于全市: poor villages whose income has not doubled or grew no faster than the county's; exactly double, and bases nobody can divide.
CREATE OR REPLACE TABLE v02_kind AS FROM (VALUES
  ('one fen short of twice', '命中', 1.9999, '1', 0), ('hardly more', '命中', 1.2, '1', 1), ('twice, but the county grew faster', '命中', 2.0, '1', 2),
  ('another basis in 2010', '无法判定', 1.5, '2', 3), ('no basis of 2010', '无法判定', 1.5, NULL, 4), ('three times', '未命中', 3.0, '1', 5)
) AS kind(variant, verdict, ratio, basis, place);
INSERT INTO planted
SELECT 'V02', variant, verdict, village_code, NULL, NULL
FROM (SELECT village_code, row_number() OVER (ORDER BY u(v, 'doubled'), v) - 1 AS turn FROM village WHERE is_poor_village AND NOT is_still_poor) JOIN v02_kind ON turn % 6 = place WHERE turn < 12;
-- The base is what the ratio asks for; one fen short of twice is written as it is.
UPDATE c_village SET base_income_basis_code = k.basis, base_income_per_head_yuan = CASE k.ratio WHEN 1.9999 THEN '6000.00' ELSE yuan(CAST(round(CAST(income_per_head_yuan AS DECIMAL(18, 2)) * 100 / k.ratio) AS BIGINT)) END,
  income_per_head_yuan = CASE k.ratio WHEN 1.9999 THEN '11999.99' ELSE income_per_head_yuan END
FROM planted q JOIN v02_kind k USING (variant) WHERE q.rule_id = 'V02' AND q.subject = c_village.village_code;
