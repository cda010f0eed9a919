-- L05 违规用途: loans for a house, a wedding, an illness, an old loan, an investment; beside them pigsties, a farm vehicle, a farmhouse inn, and a purpose that nobody wrote.
CREATE OR REPLACE TEMP TABLE spent AS
SELECT *, ['自建住房', '儿子结婚彩礼', '住院看病', '归还旧贷', '购买理财产品', '建猪舍', '购买农用车', '农家乐装修', '肉牛养殖', NULL][CAST((row_number() OVER (ORDER BY draw) - 1) % 10 + 1 AS INTEGER)] AS used_for
FROM (FROM free_loan WHERE class = 'exited' ORDER BY draw LIMIT wanted(2) * 10);
INSERT INTO planted SELECT 'L05', coalesce(used_for, 'nobody wrote it'), CASE WHEN used_for IS NULL THEN '无法判定' WHEN used_for IN ('自建住房', '儿子结婚彩礼', '住院看病', '归还旧贷', '购买理财产品') THEN '命中' ELSE '未命中' END, loan_no, hno, NULL FROM spent;
UPDATE c_bank_loan SET purpose = used_for FROM spent s WHERE s.loan_no = c_bank_loan.loan_no;
