-- F09 公示含敏感信息: notices with a number of identity, an account, a telephone, an illness, a child; beside them masked numbers, dates and sums, the head of a family, and a
-- notice of which nobody sent the text.
CREATE OR REPLACE TEMP TABLE shown AS
WITH child AS (
  SELECT l.project_no, min(c.name) AS child_name, min(l.name) AS head_name, min(l.citizen_id) AS citizen_id FROM project_list() l JOIN person c ON c.hno = l.hno AND c.age < 18 AND length(c.name) >= 2 GROUP BY l.project_no
), chosen AS (
  SELECT f.project_no, child_name, head_name, citizen_id, row_number() OVER (ORDER BY draw) AS turn FROM free_project f JOIN child USING (project_no)
)
SELECT *, ['identity number', 'telephone', 'account', 'illness', 'child', 'number in wide digits', 'number in groups', 'masked number', 'dates and sums', 'head of a family', 'no text'][CAST(turn AS INTEGER)] AS variant FROM chosen WHERE turn <= 11;
INSERT INTO taken_project SELECT project_no, variant FROM shown;
UPDATE c_project_disclosure SET notice_content = CASE s.variant
  WHEN 'identity number' THEN '受益人' || s.head_name || '，身份证' || s.citizen_id WHEN 'telephone' THEN '联系电话14400001234' WHEN 'account' THEN '打入账户2199000012345678901' WHEN 'illness' THEN '户主患有尿毒症，列入大病救助'
  WHEN 'child' THEN '受益学生：' || s.child_name WHEN 'number in wide digits' THEN '身份证' || translate(s.citizen_id, '0123456789', '０１２３４５６７８９') WHEN 'number in groups' THEN '身份证' || s.citizen_id[:6] || ' ' || s.citizen_id[7:14] || ' ' || s.citizen_id[15:]
  WHEN 'masked number' THEN '身份证' || s.citizen_id[:4] || '**********' || s.citizen_id[15:] WHEN 'dates and sums' THEN '公示期2019-01-20-2019-02-03，资金1234567890.00元，项目编号' || s.project_no WHEN 'head of a family' THEN '受益户主：' || s.head_name END
FROM shown s WHERE s.project_no = c_project_disclosure.project_no AND notice_stage_code = '1' AND notice_place_code = '3';
INSERT INTO planted
SELECT 'F09', variant, CASE WHEN variant IN ('masked number', 'dates and sums', 'head of a family') THEN '未命中' WHEN variant = 'no text' THEN '无法判定' ELSE '命中' END, project_no || '/1/3/' || from_date, NULL, NULL
FROM shown JOIN c_project_disclosure USING (project_no) WHERE notice_stage_code = '1' AND notice_place_code = '3';
