-- P01 应代缴未代缴: the county's own gaps, and people of each category without a payment; beside them students, employees, and payments that only one of the two lists shows.
INSERT INTO planted SELECT 'P01', 'poor and forgotten', '命中', NULL, hno, pno FROM person WHERE has_pension_gap AND is_premium_due;
CREATE OR REPLACE TEMP TABLE wish AS FROM (VALUES ('on the allowance and forgotten', '命中', 3), ('paid on the own list of premiums only', '未命中', 2), ('paid on the list of the insured only', '未命中', 2), ('works in a firm', '未命中', 2), ('not insured at all', '命中', 1)) t(variant, verdict, number);
INSERT INTO planted
SELECT 'P01', variant, verdict, NULL, hno, pno FROM (
  SELECT hno, pno, row_number() OVER (ORDER BY draw) AS place FROM free JOIN (SELECT hno, pno, k, is_premium_due, is_hardship, is_disabled FROM person) USING (hno)
  WHERE class = 'exited' AND is_minimum_living AND k = 1 AND is_premium_due AND NOT is_hardship AND NOT is_disabled
) JOIN (SELECT *, sum(number) OVER (ORDER BY variant) AS last FROM wish) ON place > last - number AND place <= last;
INSERT INTO planted
SELECT 'P01', 'severely disabled and forgotten', '命中', NULL, hno, pno FROM free JOIN (SELECT hno, pno, is_premium_due, is_disabled, disability_level FROM person) USING (hno)
WHERE class = 'other' AND is_premium_due AND is_disabled AND disability_level < 3 ORDER BY draw LIMIT wanted(2);
CREATE OR REPLACE TEMP TABLE concerned AS SELECT pno, variant FROM planted WHERE rule_id = 'P01' AND variant <> 'poor and forgotten';
UPDATE c_social_insurance SET government_paid_yuan = '0.00', category_code = '0' WHERE pno IN (SELECT pno FROM concerned WHERE variant <> 'paid on the list of the insured only');
UPDATE c_social_insurance SET insurance_code = '2', personal_paid_yuan = '4500.00', grade = NULL WHERE pno IN (SELECT pno FROM concerned WHERE variant = 'works in a firm');
DELETE FROM c_social_insurance WHERE pno IN (SELECT pno FROM concerned WHERE variant = 'not insured at all');
DELETE FROM c_premium_subsidy WHERE pno IN (SELECT pno FROM concerned WHERE variant <> 'paid on the own list of premiums only');
