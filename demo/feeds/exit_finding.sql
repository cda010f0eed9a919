-- 漏评错退认定: what last year's check found has been corrected: a few people, none of whom counts any more.
SELECT pno, name, citizen_id, household_id, village_code, '1' AS finding_kind_code, '2018-11-20' AS found_date, '是' AS is_corrected, data_date, FALSE AS is_spare
FROM person
WHERE NOT is_registered AND NOT is_omitted AND NOT is_dead AND (u(pno, 'found missed') < 200 OR pno = (SELECT min(pno) FROM person WHERE NOT is_registered AND NOT is_omitted AND NOT is_dead))
ORDER BY pno
