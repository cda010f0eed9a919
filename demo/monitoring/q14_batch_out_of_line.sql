-- Q14 批次异常: of four lists there is one of a year before (demo/past): one twice as long now, one whose amounts have doubled; beside them a fifth more people and a tenth more income.
INSERT INTO planted VALUES ('Q14', 'twice as long as the last one', '命中', 'village_cadre', NULL, NULL), ('Q14', 'twice the amounts', '命中', 'vehicle', NULL, NULL), ('Q14', 'a fifth longer', '未命中', 'public_payroll', NULL, NULL),
  ('Q14', 'a tenth more income', '未命中', 'registry_household', NULL, NULL), ('Q14', 'the first of its kind', '无法判定', 'bank_loan', NULL, NULL);
