-- After every other situation: an exited household in which somebody lacks school, insurance, a safe house, safe water, food or clothing has no ground for its exit (G15).
INSERT INTO planted
SELECT DISTINCT 'G15', 'exited all the same: ' || q.rule_id, '命中', r.household_id, p.hno, NULL
FROM planted q JOIN person p ON p.hno = q.hno AND p.k = 1 JOIN c_registry_household r ON r.pno = p.pno
WHERE r.poverty_status_code IN ('1', '4') AND (
  q.verdict = '命中' AND q.rule_id IN ('G01', 'G02', 'G06', 'G10', 'G13', 'G14')
  OR q.rule_id = 'G01' AND q.variant = 'a student number that links to nobody'
  OR q.rule_id = 'G10' AND q.variant = 'registered as D, never assessed'
  OR q.rule_id = 'G11' AND q.variant IN ('C, nothing done', 'C, work has begun', 'repaired, then rated C')
  OR q.rule_id = 'G14' AND q.variant IN ('surveyed too long ago', 'never surveyed'));
