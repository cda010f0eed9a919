-- P02 不应代缴已代缴: paid for employees, pensioners, pupils, the dead, people of no category; beside them who turned sixty this year, who died this year, who left poverty this year.
INSERT INTO planted
SELECT 'P02', 'works in a firm', '命中', NULL, hno, pno FROM free JOIN (SELECT hno, pno, k, is_premium_due, is_hardship, is_disabled FROM person) USING (hno)
WHERE class = 'exited' AND is_minimum_living AND k = 1 AND is_premium_due AND NOT is_hardship AND NOT is_disabled ORDER BY draw LIMIT wanted(2);
INSERT INTO c_social_insurance BY NAME
SELECT c.* EXCLUDE (n) REPLACE ('2' AS insurance_code, '4500.00' AS personal_paid_yuan, '0.00' AS government_paid_yuan, '0' AS category_code, NULL AS grade, '2108' || right(local_no, 9) AS local_no)
FROM c_social_insurance c WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'P02' AND variant = 'works in a firm');
INSERT INTO planted
SELECT 'P02', CASE WHEN age > 62 THEN 'past sixty for years' WHEN age >= 20 THEN 'of no category' ELSE 'goes to school' END, '命中', NULL, hno, pno FROM (
  SELECT *, row_number() OVER (PARTITION BY age > 62, age >= 20 ORDER BY draw) AS place FROM free JOIN (SELECT hno, pno, age, is_hardship, is_disabled, is_pupil FROM person) USING (hno)
  WHERE class = 'exited' AND NOT is_minimum_living AND NOT is_hardship AND NOT is_disabled AND (age BETWEEN 63 AND 75 OR age BETWEEN 25 AND 50 AND NOT is_pupil OR age IN (16, 17) AND is_pupil) AND hno NOT IN (SELECT hno FROM c_bank_loan JOIN person USING (pno))
) WHERE place <= wanted(2) AND hno IN (SELECT hno FROM free) QUALIFY row_number() OVER (PARTITION BY hno ORDER BY pno) = 1;
INSERT INTO planted
SELECT 'P02', CASE WHEN died < '2019-01-01' THEN 'dead before the year began' ELSE 'died in the year' END, CASE WHEN died < '2019-01-01' THEN '命中' ELSE '未命中' END, NULL, hno, pno FROM (
  SELECT hno, p.pno, death_date AS died, row_number() OVER (PARTITION BY death_date < '2019-01-01' ORDER BY hash(p.pno, 'P02')) AS place
  FROM person p JOIN c_household_registration r ON r.pno = p.pno WHERE is_dead AND NOT is_registered AND (death_date < '2019-01-01' OR year(p.birth_date) >= 1959)
) WHERE place <= wanted(2);
INSERT INTO planted
SELECT 'P02', 'turned sixty this year', '未命中', NULL, hno, pno FROM free JOIN (SELECT hno, pno, age, birth_date, is_hardship, is_disabled FROM person) USING (hno)
WHERE is_minimum_living AND class = 'exited' AND age = 60 AND year(birth_date) = 1959 AND NOT is_hardship AND NOT is_disabled ORDER BY draw LIMIT wanted(2);
INSERT INTO planted
SELECT 'P02', 'left poverty this year', '未命中', NULL, hno, pno FROM free JOIN (SELECT hno, pno, k, is_disabled, is_hardship FROM person) USING (hno)
WHERE class = 'exited' AND NOT is_minimum_living AND head_age BETWEEN 25 AND 55 AND k = 1 AND NOT is_disabled AND NOT is_hardship ORDER BY draw LIMIT wanted(2);
UPDATE c_registry_household SET exit_year = '2019' WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'P02' AND variant = 'left poverty this year');
INSERT INTO c_premium_subsidy BY NAME
SELECT pno, name, citizen_id, '2107' || digits(pno, 9) AS local_no, '2019' AS year, '1' AS insurance_code, '1' AS category_code, '100元档' AS grade, '100.00' AS government_paid_yuan, '0.00' AS personal_paid_yuan, '100.00' AS total_paid_yuan,
  '2019-02' AS paid_date, data_date, FALSE AS is_spare
FROM planted JOIN person p USING (pno) WHERE rule_id = 'P02' AND pno NOT IN (SELECT pno FROM c_premium_subsidy);
