-- L01 单户贷款超限: the county's own second loans; beside them a loan of exactly the cap, and two loans of which one is settled.
INSERT INTO planted
SELECT 'L01', 'two loans of one family over the cap', '命中', any_value(person.household_id), hno, NULL
FROM c_bank_loan JOIN person USING (pno) WHERE person.is_registered AND settled_date IS NULL
GROUP BY hno HAVING sum(CAST(balance_yuan AS DECIMAL(18, 2))) > 50000;

INSERT INTO planted
SELECT 'L01', 'exactly the cap', '未命中', household_id, hno, NULL FROM free WHERE class = 'exited' AND has_loan AND head_age BETWEEN 22 AND 60 ORDER BY draw LIMIT wanted(3);
UPDATE c_bank_loan SET amount_yuan = '50000.00', balance_yuan = '50000.00'
WHERE pno IN (SELECT person.pno FROM person JOIN planted USING (hno) WHERE rule_id = 'L01' AND variant = 'exactly the cap' AND k = 1);
