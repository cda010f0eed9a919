-- P11 once more: who lives alone and is left without any income of his own by another rule's situation is a hit of this rule too.
INSERT INTO planted
SELECT 'P11', 'alone and without income by another situation', '命中', NULL, p.hno, p.pno
FROM person p JOIN c_registry_household h USING (household_id) JOIN c_household_registration r ON r.pno = p.pno
WHERE p.size = 1 AND h.wage_income_yuan = '0.00' AND h.business_income_yuan = '0.00' AND h.property_income_yuan = '0.00' AND NOT p.is_dead AND p.hno IN (SELECT hno FROM planted WHERE rule_id <> 'P11')
  AND (p.age >= 60 OR p.age < 16 OR p.pno IN (SELECT pno FROM c_disability WHERE status_code = '1' AND certificate_expiry_date >= CAST(getvariable('base') AS VARCHAR))) AND p.pno NOT IN (SELECT pno FROM c_special_hardship)
  AND r.marriage_code NOT IN ('20', '21', '22', '23') AND p.pno NOT IN (SELECT pno FROM planted WHERE rule_id = 'P11' AND pno IS NOT NULL);
