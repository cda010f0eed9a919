-- explain.education_guarantee
-- 教育保障表每个数字背后的孩子和学生：去向逐人列出，资助应享、已享、漏发、待定、错发逐人列出，金额为各人本学期实发。
-- Inputs: core.school_age, core.pupil_aid, core.school_term, core.education_aid_now, core.member, ref.feed_state.
-- Limits: 一人一行；record 为判定依据。学籍、台账或资助数据未到或过期、表中为空的数不列。
WITH feed AS (
  SELECT
    coalesce(bool_or(feed = 'education_enrollment'), FALSE) AND coalesce(bool_or(feed = 'education_case'), FALSE) AS has_school,
    coalesce(bool_or(feed = 'education_enrollment'), FALSE) AND coalesce(bool_or(feed = 'education_aid'), FALSE) AS has_aid
  FROM ref.feed_state
  WHERE is_present AND NOT is_stale
),
child AS (
  SELECT coalesce(child.village_code, '不详') AS village_code, child.household_id, child.person_key, child.schooling_basis
  FROM core.school_age AS child
  CROSS JOIN feed
  WHERE child.is_registered AND feed.has_school
),
pupil AS (
  SELECT coalesce(pupil.village_code, '不详') AS village_code, pupil.household_id, pupil.person_key, pupil.aid_basis, pupil.aid_paid_yuan
  FROM core.pupil_aid AS pupil
  CROSS JOIN feed
  WHERE feed.has_aid
),
stranger AS (
  SELECT coalesce(member.village_code, '不详') AS village_code, member.household_id, member.person_key, count(*) AS payment_count
  FROM core.education_aid_now AS aid
  INNER JOIN core.school_term AS term ON term.term_code = aid.term_code
  INNER JOIN core.member AS member ON member.person_key = aid.person_key
  CROSS JOIN feed
  WHERE aid.is_registered_poor AND NOT member.is_registered AND NOT member.has_registered_kin AND feed.has_aid
  GROUP BY coalesce(member.village_code, '不详'), member.household_id, member.person_key
),
listed AS (
  SELECT village_code, 'school_age_count' AS figure, household_id AS household_id, person_key AS person_key, schooling_basis AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM child
  UNION ALL
  SELECT village_code, 'in_school_count' AS figure, household_id AS household_id, person_key AS person_key, schooling_basis AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM child
  WHERE schooling_basis = '在读'
  UNION ALL
  SELECT village_code, 'taught_at_home_count' AS figure, household_id AS household_id, person_key AS person_key, schooling_basis AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM child
  WHERE schooling_basis = '送教上门'
  UNION ALL
  SELECT village_code, 'school_elsewhere_count' AS figure, household_id AS household_id, person_key AS person_key, schooling_basis AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM child
  WHERE schooling_basis = '外地就读'
  UNION ALL
  SELECT village_code, 'school_finished_count' AS figure, household_id AS household_id, person_key AS person_key, schooling_basis AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM child
  WHERE schooling_basis = '已完成初中'
  UNION ALL
  SELECT village_code, 'school_unfit_count' AS figure, household_id AS household_id, person_key AS person_key, schooling_basis AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM child
  WHERE schooling_basis = '不具备学习条件'
  UNION ALL
  SELECT village_code, 'school_deferred_count' AS figure, household_id AS household_id, person_key AS person_key, schooling_basis AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM child
  WHERE schooling_basis = '延缓入学'
  UNION ALL
  SELECT village_code, 'school_not_yet_count' AS figure, household_id AS household_id, person_key AS person_key, schooling_basis AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM child
  WHERE schooling_basis = '未到入学日期'
  UNION ALL
  SELECT village_code, 'dropout_confirmed_count' AS figure, household_id AS household_id, person_key AS person_key, schooling_basis AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM child
  WHERE schooling_basis = '辍学'
  UNION ALL
  SELECT village_code, 'dropout_suspected_count' AS figure, household_id AS household_id, person_key AS person_key, schooling_basis AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM child
  WHERE schooling_basis IN ('在籍不在校', '未在校而无有效证明', '无在读学籍')
  UNION ALL
  SELECT village_code, 'school_unclear_count' AS figure, household_id AS household_id, person_key AS person_key, schooling_basis AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM child
  WHERE schooling_basis IN ('休学，待核', '转出，去向待核', '有同名学籍未对上', '参数未录入')
  UNION ALL
  SELECT village_code, 'aid_due_count' AS figure, household_id AS household_id, person_key AS person_key, aid_basis AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM pupil
  UNION ALL
  SELECT village_code, 'aid_paid_count' AS figure, household_id AS household_id, person_key AS person_key, aid_basis AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM pupil
  WHERE aid_basis = '已发放'
  UNION ALL
  SELECT village_code, 'aid_missed_count' AS figure, household_id AS household_id, person_key AS person_key, aid_basis AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM pupil
  WHERE aid_basis IN ('未发放', '低于标准')
  UNION ALL
  SELECT village_code, 'aid_unclear_count' AS figure, household_id AS household_id, person_key AS person_key, aid_basis AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM pupil
  WHERE aid_basis IN ('本学期资助数据未到', '就读方式不详')
  UNION ALL
  SELECT village_code, 'aid_paid_yuan' AS figure, household_id AS household_id, person_key AS person_key, aid_basis AS record, aid_paid_yuan AS amount
  FROM pupil
  WHERE aid_basis <> '本学期资助数据未到'
  UNION ALL
  SELECT village_code, 'aid_wrong_count' AS figure, household_id AS household_id, person_key AS person_key, CAST(NULL AS VARCHAR) AS record, CAST(NULL AS DECIMAL(18, 2)) AS amount
  FROM stranger
)
SELECT
  '村' AS area_level,
  listed.village_code AS area_code,
  term.term_code,
  listed.figure,
  listed.household_id,
  listed.person_key,
  listed.record,
  CAST(listed.amount AS DECIMAL(18, 2)) AS amount
FROM listed
CROSS JOIN core.school_term AS term
UNION ALL
SELECT
  '乡' AS area_level,
  substr(listed.village_code, 1, 9) AS area_code,
  term.term_code,
  listed.figure,
  listed.household_id,
  listed.person_key,
  listed.record,
  CAST(listed.amount AS DECIMAL(18, 2)) AS amount
FROM listed
CROSS JOIN core.school_term AS term
UNION ALL
SELECT
  '县' AS area_level,
  substr(listed.village_code, 1, 6) AS area_code,
  term.term_code,
  listed.figure,
  listed.household_id,
  listed.person_key,
  listed.record,
  CAST(listed.amount AS DECIMAL(18, 2)) AS amount
FROM listed
CROSS JOIN core.school_term AS term
