-- F05 进度与支付不匹配: progress that lies 31 points behind what was paid; beside them 29 points, progress that nobody told, and completed projects without a figure.
CREATE OR REPLACE TEMP TABLE behind AS
WITH share AS (
  SELECT f.project_no, f.status, draw, (contract_paid + cash) * 100 // budget AS percent FROM free_project f WHERE year = 2019 AND status IN ('3', '4')
), chosen AS (
  SELECT *, row_number() OVER (PARTITION BY status ORDER BY draw) AS turn FROM share WHERE percent >= 33
)
SELECT *, CASE WHEN status = '4' THEN 'completed, progress not told' WHEN turn <= 4 THEN 'paid 31 points ahead' WHEN turn <= 7 THEN 'paid 29 points ahead' ELSE 'running, progress not told' END AS variant
FROM chosen WHERE status = '3' AND turn <= 9 OR status = '4' AND turn <= 2;
INSERT INTO taken_project SELECT project_no, variant FROM behind;
UPDATE c_project SET progress_ratio = CASE b.variant WHEN 'paid 31 points ahead' THEN '0.' || digits(b.percent - 31, 2) WHEN 'paid 29 points ahead' THEN '0.' || digits(b.percent - 29, 2) END
FROM behind b WHERE b.project_no = c_project.project_no;
INSERT INTO planted SELECT 'F05', variant, CASE variant WHEN 'paid 31 points ahead' THEN '命中' WHEN 'running, progress not told' THEN '无法判定' ELSE '未命中' END, project_no, NULL, NULL FROM behind;
