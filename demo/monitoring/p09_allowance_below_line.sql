-- P09 低保标准低于省线: neither the standard nor the provincial line has been entered, so nobody can say.
INSERT INTO planted SELECT 'P09', 'neither number is entered', '参数缺失', '210782', NULL, NULL;
