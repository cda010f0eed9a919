-- core.pupil_aid
-- 建档立卡学生应享的资助：按学段、就读方式和学期应享哪些，发了几项、多少钱，够不够标准。
-- Grain: one row per registered pupil in class whose stage has an aid due in the judged term.
-- 政策依据: 财科教〔2019〕19号 学生资助资金管理办法；北委发〔2019〕5号 二(一)2 “应扶尽扶、应补则补”。
-- Inputs: core.schooling, core.member, core.education_aid_now, core.school_term, ref.aid_standard.
-- Limits: 判断哪个学期见 core.school_term。学段取现在的学籍，那个学期开学以后才入学的不判断。脱贫属性为“不再享受政策”的户不在内。标准为空的项目只看有没有发。在县外就读的学生看不到学段，不在此表。住宿与否没有填、而资助因此不同的，boarding_code 为空，
--   状态为“就读方式不详”。整个学期没有一笔资助数据的，状态为“本学期资助数据未到”。
-- Tie-breaks: none (sums only).
WITH term AS (
  SELECT started_on, term_code
  FROM core.school_term
),
standard AS (
  SELECT standard.stage_code, standard.boarding_code, standard.aid_code, standard.standard_yuan
  FROM ref.aid_standard AS standard
  CROSS JOIN term
  WHERE term.started_on >= standard.valid_from AND term.started_on < standard.valid_to
),
-- Where one of the two ways of attending has an aid and the other none or another, it must be known.
boarding AS (
  SELECT stage_code
  FROM standard
  WHERE boarding_code IS NOT NULL
  GROUP BY stage_code
),
pupil AS (
  SELECT schooling.person_key, member.household_id, member.village_code, schooling.stage_code, schooling.boarding_code
  FROM core.schooling AS schooling
  INNER JOIN core.member AS member ON member.person_key = schooling.person_key
  CROSS JOIN term
  WHERE schooling.is_enrolled AND member.is_registered AND NOT member.is_deceased
    AND member.poverty_status_code IN ('0', '1', '2', '3')
    AND coalesce(schooling.enrolled_month <= term.started_on, TRUE)
),
due AS (
  SELECT pupil.person_key, pupil.household_id, pupil.village_code, pupil.stage_code, pupil.boarding_code, standard.aid_code, standard.standard_yuan
  FROM pupil
  INNER JOIN standard ON standard.stage_code = pupil.stage_code
  WHERE standard.boarding_code IS NULL OR standard.boarding_code = pupil.boarding_code
),
undecided AS (
  SELECT pupil.person_key, pupil.household_id, pupil.village_code, pupil.stage_code
  FROM pupil
  INNER JOIN boarding ON boarding.stage_code = pupil.stage_code
  WHERE pupil.boarding_code IS NULL
),
paid AS (
  SELECT aid.person_key, aid.aid_code, sum(aid.amount_yuan) AS paid_yuan
  FROM core.education_aid_now AS aid
  INNER JOIN term ON term.term_code = aid.term_code
  WHERE aid.person_key IS NOT NULL
  GROUP BY aid.person_key, aid.aid_code
),
arrived AS (
  SELECT count(*) AS payment_count
  FROM core.education_aid_now AS aid
  INNER JOIN term ON term.term_code = aid.term_code
),
summed AS (
  SELECT
    due.person_key, due.household_id, due.village_code, due.stage_code, due.boarding_code,
    count(*) AS aid_kind_due_count,
    count(paid.paid_yuan) AS aid_kind_paid_count,
    count(CASE WHEN paid.paid_yuan < due.standard_yuan THEN 1 END) AS aid_short_count,
    sum(CASE WHEN paid.paid_yuan IS NOT NULL THEN due.standard_yuan END) AS aid_standard_yuan,
    sum(paid.paid_yuan) AS aid_paid_yuan
  FROM due
  LEFT JOIN paid ON paid.person_key = due.person_key AND paid.aid_code = due.aid_code
  GROUP BY due.person_key, due.household_id, due.village_code, due.stage_code, due.boarding_code
  UNION ALL
  SELECT person_key, household_id, village_code, stage_code, NULL AS boarding_code, 0, 0, 0, NULL, NULL
  FROM undecided
)
SELECT
  summed.person_key,
  summed.household_id,
  summed.village_code,
  term.term_code,
  summed.stage_code,
  summed.boarding_code,
  CAST(summed.aid_kind_due_count AS BIGINT) AS aid_kind_due_count,
  CAST(summed.aid_kind_paid_count AS BIGINT) AS aid_kind_paid_count,
  CAST(summed.aid_short_count AS BIGINT) AS aid_short_count,
  CAST(summed.aid_standard_yuan AS DECIMAL(18, 2)) AS aid_standard_yuan,
  CAST(coalesce(summed.aid_paid_yuan, 0) AS DECIMAL(18, 2)) AS aid_paid_yuan,
  CASE
    WHEN arrived.payment_count = 0 THEN '本学期资助数据未到'
    WHEN summed.aid_kind_due_count = 0 THEN '就读方式不详'
    WHEN summed.aid_kind_paid_count = 0 THEN '未发放'
    WHEN summed.aid_short_count > 0 THEN '低于标准'
    ELSE '已发放'
  END AS aid_basis
FROM summed
CROSS JOIN term
CROSS JOIN arrived
