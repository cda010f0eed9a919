-- Who is what. A situation holds for a person (the head, where it is the household's). Ages are those of the base date.
CREATE OR REPLACE TABLE t_situations AS
WITH debtor AS (
  SELECT hno FROM borrower WHERE is_registered GROUP BY hno HAVING sum(balance) > 50000
)
SELECT situation, pno AS person, hno AS household, household_id FROM (
  SELECT 'still_poor_person' AS situation, pno, hno, household_id FROM person WHERE is_poor
  UNION ALL SELECT 'omitted_household', pno, hno, household_id FROM person WHERE is_omitted AND k = 1
  UNION ALL SELECT 'dropout_not_enrolled', pno, hno, household_id FROM person WHERE is_dropout AND u(pno, 'drop-out kind') < 500000
  UNION ALL SELECT 'dropout_status', pno, hno, household_id FROM person WHERE is_dropout AND u(pno, 'drop-out kind') >= 500000
  UNION ALL SELECT 'uninsured_registered', pno, hno, household_id FROM person WHERE is_uninsured
  UNION ALL SELECT 'pension_not_paid_by_government', pno, hno, household_id FROM person WHERE has_pension_gap AND NOT is_pupil
  UNION ALL SELECT 'dead_still_registered', pno, hno, household_id FROM person WHERE is_dead AND is_registered
  UNION ALL SELECT 'house_grade_d', pno, hno, household_id FROM person WHERE has_house_d AND k = 1
  UNION ALL SELECT 'house_rebuilt', pno, hno, household_id FROM person WHERE has_house_rebuilt AND k = 1
  UNION ALL SELECT 'unsafe_water', pno, hno, household_id FROM person WHERE has_unsafe_water AND k = 1
  UNION ALL SELECT 'loan_overdue', pno, hno, household_id FROM borrower WHERE is_overdue
  UNION ALL SELECT 'loan_used_by_company', pno, hno, household_id FROM borrower WHERE is_company_loan
  UNION ALL SELECT 'loans_over_limit', pno, hno, household_id FROM person WHERE k = 1 AND hno IN (SELECT hno FROM debtor)
  UNION ALL SELECT 'large_medical_cost_registered', pno, hno, household_id FROM person WHERE pno IN (SELECT pno FROM patient)
);

INSERT INTO t_counts
SELECT unnest(['people', 'registered_people', 'registered_households', 'poor_people', 'poor_households']), NULL,
  unnest([count(*), count(*) FILTER (is_registered), count(*) FILTER (is_registered AND k = 1), count(*) FILTER (is_poor),
    count(*) FILTER (is_poor AND k = 1)])
FROM person
UNION ALL
SELECT unnest(['villages', 'poor_villages', 'still_poor_villages']), NULL,
  unnest([count(*), count(*) FILTER (is_poor_village), count(*) FILTER (is_still_poor)])
FROM village
UNION ALL
SELECT 'situation ' || situation, NULL, count(*) FROM t_situations GROUP BY situation
ORDER BY ALL;
