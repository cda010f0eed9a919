-- F01 无绩效目标入库: projects without a target, or with one that cannot be measured; beside them targets in words, and a stopped project that needs none.
-- Projects in no situation yet: every situation about funds takes its own.
CREATE OR REPLACE TABLE taken_project (project_no VARCHAR, variant VARCHAR);
CREATE OR REPLACE VIEW free_project AS
SELECT c.project_no, c.project_status_code AS status, p.way, p.class, p.year, p.i, p.households, p.cash, p.contract, p.budget, p.contract_paid, hash(p.i, getvariable('seed'), 'free project') AS draw
FROM c_project c JOIN project_money() p USING (project_no) WHERE project_no NOT IN (SELECT project_no FROM taken_project);

INSERT INTO taken_project SELECT project_no, 'no target' FROM free_project WHERE status <> '9' AND way = '5' ORDER BY draw LIMIT 2;
INSERT INTO taken_project SELECT project_no, 'target only in words' FROM free_project WHERE status <> '9' AND way = '5' ORDER BY draw LIMIT 2;
INSERT INTO taken_project SELECT project_no, 'target is only a year' FROM free_project WHERE status <> '9' AND way = '5' ORDER BY draw LIMIT 2;
INSERT INTO taken_project SELECT project_no, 'a number in characters' FROM free_project WHERE status <> '9' AND way = '5' ORDER BY draw LIMIT 2;
INSERT INTO taken_project SELECT project_no, 'a share in characters' FROM free_project WHERE status <> '9' AND way = '5' ORDER BY draw LIMIT 2;
INSERT INTO taken_project SELECT project_no, 'stopped without a target' FROM free_project WHERE status = '9' ORDER BY draw LIMIT 1;
UPDATE c_project SET performance_target = CASE t.variant WHEN 'target only in words' THEN '改善群众生产生活条件' WHEN 'target is only a year' THEN '2019年完成建设任务'
  WHEN 'a number in characters' THEN '带动三十户贫困户增收' WHEN 'a share in characters' THEN '群众满意度达到百分之九十五' END
FROM taken_project t WHERE t.project_no = c_project.project_no;
INSERT INTO planted
SELECT 'F01', variant, CASE WHEN variant IN ('no target', 'target only in words', 'target is only a year') THEN '命中' ELSE '未命中' END, project_no, NULL, NULL FROM taken_project;
