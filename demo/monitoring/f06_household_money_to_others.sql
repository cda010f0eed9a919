-- F06 到户资金收款人异常: money for households that went to a neighbour, to the village committee, to one account for three families, to the dead; beside them a spouse, a
-- bank that pays out, and an account that two families share.
CREATE OR REPLACE TEMP TABLE share AS
WITH listed AS (
  SELECT l.*, count(*) OVER (PARTITION BY project_no) AS others, row_number() OVER (PARTITION BY project_no ORDER BY pno) AS place, f.draw
  FROM project_list() l JOIN free_project f USING (project_no, way) JOIN free h USING (hno) WHERE l.way = '1'
), project AS (
  SELECT project_no, others, row_number() OVER (PARTITION BY others >= 3 ORDER BY draw) AS turn FROM (SELECT DISTINCT project_no, others, draw FROM listed)
)
SELECT listed.*, CASE WHEN project.others >= 3 AND turn = 1 AND place <= 3 THEN 'three families, one account' WHEN project.others >= 3 AND turn = 2 AND place <= 2 THEN 'two families, one account'
  WHEN project.others >= 3 AND turn = 3 AND place = 1 OR project.others < 3 AND turn = 1 THEN 'paid to a neighbour' WHEN project.others >= 3 AND turn = 4 AND place = 1 OR project.others < 3 AND turn = 2 THEN 'paid to the village committee'
  WHEN project.others >= 3 AND turn = 5 AND place = 1 OR project.others < 3 AND turn = 3 THEN 'a bank pays out'
  WHEN size >= 2 AND (project.others >= 3 AND turn IN (6, 7) AND place = 1 OR project.others < 3 AND turn IN (4, 5)) THEN 'paid to a relative' END AS variant
FROM listed JOIN project USING (project_no);
DELETE FROM share WHERE variant IS NULL;
INSERT INTO taken_project SELECT DISTINCT project_no, 'money to others' FROM share;
UPDATE c_fund_payment SET
  payee = CASE s.variant WHEN 'paid to a neighbour' THEN '欧阳邻生' WHEN 'paid to the village committee' THEN '某村民委员会' WHEN 'a bank pays out' THEN '北镇市农村商业银行' WHEN 'paid to a relative' THEN s.relative ELSE payee END,
  bank_account = CASE WHEN s.variant LIKE '%one account' THEN '2199' || digits(s.i, 9) || '7777' WHEN s.variant LIKE 'paid to%' OR s.variant = 'a bank pays out' THEN '2199' || digits(s.pno, 9) || '8888' ELSE bank_account END
FROM (SELECT share.*, (SELECT min(name) FROM person m WHERE m.hno = share.hno AND m.k = 2) AS relative FROM share) s WHERE voucher_no = 'PZH' || digits(s.pno, 9);
INSERT INTO planted
SELECT 'F06', variant, CASE WHEN variant IN ('three families, one account', 'paid to a neighbour', 'paid to the village committee') THEN '命中' ELSE '未命中' END, 'PZH' || digits(pno, 9), hno, NULL FROM share;

-- The county's own dead who are still registered: money that was paid to them weeks after.
CREATE OR REPLACE TEMP TABLE dead_payee AS
SELECT person.pno, person.hno, name, citizen_id, household_id, project_no FROM person CROSS JOIN (SELECT min(project_no) AS project_no FROM free_project WHERE way = '1' AND status = '3')
WHERE is_dead AND is_registered AND k = 1 ORDER BY pno LIMIT 2;
INSERT INTO taken_project SELECT DISTINCT project_no, 'money to the dead' FROM dead_payee;
INSERT INTO c_project_beneficiary BY NAME
SELECT pno, project_no, household_id, name, citizen_id, '1' AS benefit_way_code, '500.00' AS benefit_yuan, '2019-06-20' AS benefit_date, getvariable('as_of') AS data_date, FALSE AS is_spare FROM dead_payee;
INSERT INTO c_fund_payment BY NAME
SELECT CAST(NULL AS BIGINT) AS pno, 'PZD' || digits(pno, 9) AS voucher_no, project_document(2019, '01') AS allotment_no, project_no, '2019-06-20' AS payment_date, '500.00' AS payment_yuan, '到户补助' AS payment_purpose, name AS payee,
  '2199' || digits(pno, 9) || '6666' AS bank_account, '北镇市农村商业银行' AS bank_name, '受益花名册' AS documents, FALSE AS is_spare
FROM dead_payee;
INSERT INTO planted SELECT 'F06', 'paid to the dead', '命中', 'PZD' || digits(pno, 9), hno, NULL FROM dead_payee;
