-- X06 空挂、服刑、失联、迁出: moved away, struck off, in prison, without a trace; beside them who serves at home, who was released today, and a wife whose papers lie in her own village.
CREATE OR REPLACE TEMP TABLE wish AS FROM (VALUES ('moved away', '命中', 2), ('struck off the register', '命中', 1), ('in prison', '命中', 2), ('serves in the house of detention', '命中', 1), ('serves at home', '未命中', 1), ('released on the day', '未命中', 1),
  ('registered in another county', '未命中', 2), ('no trace in any list', '命中', 2), ('a trace in the bank of subsidies only', '未命中', 1)) t(variant, verdict, number);
INSERT INTO planted
SELECT 'X06', variant, verdict, NULL, hno, pno FROM (
  SELECT hno, pno, row_number() OVER (ORDER BY draw) AS place FROM free JOIN (SELECT hno, pno, age, is_disabled, is_pupil, is_hardship, illness FROM person WHERE k = 2) USING (hno)
  WHERE class = 'exited' AND NOT is_minimum_living AND NOT is_hardship AND NOT is_disabled AND NOT is_pupil AND age BETWEEN 26 AND 55 AND illness >= 250000
    AND pno NOT IN (SELECT pno FROM c_bank_loan)
) JOIN (SELECT *, sum(number) OVER (ORDER BY variant) AS last FROM wish) ON place > last - number AND place <= last;
UPDATE c_household_registration SET change_code = CASE WHEN pno IN (SELECT pno FROM planted WHERE rule_id = 'X06' AND variant = 'moved away') THEN '4' ELSE '5' END, change_date = '2018-11-05'
WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'X06' AND variant IN ('moved away', 'struck off the register'));
DELETE FROM c_household_registration WHERE pno IN (SELECT pno FROM planted WHERE rule_id = 'X06' AND variant = 'registered in another county');
INSERT INTO c_custody BY NAME
SELECT pno, name, citizen_id, CASE variant WHEN 'serves at home' THEN '3' WHEN 'serves in the house of detention' THEN '2' ELSE '1' END AS custody_code, '2018-02-03' AS custody_start_date,
  CASE variant WHEN 'released on the day' THEN CAST(getvariable('base') AS VARCHAR) WHEN 'serves in the house of detention' THEN NULL ELSE '2021-02-02' END AS custody_end_date, village_code, data_date, FALSE AS is_spare
FROM planted JOIN person p USING (pno) WHERE rule_id = 'X06' AND variant IN ('in prison', 'serves in the house of detention', 'serves at home', 'released on the day');
-- Without a trace is without insurance too.
CREATE OR REPLACE TEMP TABLE untraced AS SELECT pno, hno, variant FROM planted WHERE rule_id = 'X06' AND variant IN ('no trace in any list', 'a trace in the bank of subsidies only');
INSERT INTO planted SELECT 'G06', 'no trace in any list', '命中', NULL, hno, pno FROM untraced;
INSERT INTO planted SELECT 'G15', 'exited all the same: no trace in any list', '命中', household_id, hno, NULL FROM untraced JOIN person USING (hno) WHERE k = 1;
DELETE FROM c_health_insurance WHERE pno IN (SELECT pno FROM untraced);
DELETE FROM c_social_insurance WHERE pno IN (SELECT pno FROM untraced);
DELETE FROM c_education_enrollment WHERE pno IN (SELECT pno FROM untraced);
DELETE FROM c_health_settlement WHERE pno IN (SELECT pno FROM untraced);
DELETE FROM c_employment WHERE pno IN (SELECT pno FROM untraced);
DELETE FROM c_card_payment WHERE pno IN (SELECT pno FROM untraced);
INSERT INTO c_card_payment BY NAME
SELECT pno, '耕地地力保护补贴' AS subsidy_item, '2019' AS year, '2019年度' AS period, name, citizen_id, village_code, '5.0' AS quantity, '亩' AS quantity_unit, '80.00' AS standard_yuan, '400.00' AS amount_yuan, '2019-04-25' AS payout_date,
  '2199' || digits(hno, 9) || digits(dice(hno, 'account', 10000), 4) AS bank_account, name AS account_name, '1' AS payout_code, FALSE AS is_spare
FROM untraced JOIN (SELECT * EXCLUDE (hno), hno AS home FROM person) p USING (pno) WHERE variant = 'a trace in the bank of subsidies only';
