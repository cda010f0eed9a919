-- mart.education_guarantee
-- 教育保障：县、乡、村三级，建档立卡适龄儿童在校、送教上门、失学各多少，学生资助应享、已享、漏发、错发和金额。
-- Grain: one row per area level, area and term (资助计算所属学期)。
-- 政策依据: 北委发〔2019〕5号 二(一)2 控辍保学、“应扶尽扶、应补则补”；国家脱贫攻坚普查公报。
-- Inputs: core.school_age, core.pupil_aid, core.school_term, core.education_aid_now, core.member, ref.feed_state, ref.area.
-- Limits: 只统计建档立卡人口；去向为运行日的情形，资助为所属学期的情形，以前各期见历次发布。失学核实：学籍或台账登记为辍学、失联；失学疑似：其余没有在校而无依据的，须核查。
--   恒等式：school_age_count = 其后十项去向之和；aid_due_count = 已享 + 漏发 + 待定。学籍或台账未到则去向各列为空，资助数据未到则资助各列为空，不是零。
--   本学期没有应享学生或没有一笔资助数据的地方，金额为空。aid_wrong_count 为本学期按建档立卡身份领取而本人和同户口簿亲属都不在册的人数，按其户籍村统计。村代码不详的归入“不详”。
-- Tie-breaks: none (counts only).
WITH feed AS (
  SELECT
    coalesce(bool_or(feed = 'education_enrollment'), FALSE) AND coalesce(bool_or(feed = 'education_case'), FALSE) AS has_school,
    coalesce(bool_or(feed = 'education_enrollment'), FALSE) AND coalesce(bool_or(feed = 'education_aid'), FALSE) AS has_aid
  FROM ref.feed_state
  WHERE is_present AND NOT is_stale
),
child AS (
  SELECT
    coalesce(village_code, '不详') AS village_code,
    count(*) AS school_age_count,
    count(*) FILTER (WHERE schooling_basis = '在读') AS in_school_count,
    count(*) FILTER (WHERE schooling_basis = '送教上门') AS taught_at_home_count,
    count(*) FILTER (WHERE schooling_basis = '外地就读') AS school_elsewhere_count,
    count(*) FILTER (WHERE schooling_basis = '已完成初中') AS school_finished_count,
    count(*) FILTER (WHERE schooling_basis = '不具备学习条件') AS school_unfit_count,
    count(*) FILTER (WHERE schooling_basis = '延缓入学') AS school_deferred_count,
    count(*) FILTER (WHERE schooling_basis = '未到入学日期') AS school_not_yet_count,
    count(*) FILTER (WHERE schooling_basis = '辍学') AS dropout_confirmed_count,
    count(*) FILTER (WHERE schooling_basis IN ('在籍不在校', '未在校而无有效证明', '无在读学籍')) AS dropout_suspected_count,
    count(*) FILTER (WHERE schooling_basis IN ('休学，待核', '转出，去向待核', '有同名学籍未对上', '参数未录入')) AS school_unclear_count
  FROM core.school_age
  WHERE is_registered
  GROUP BY coalesce(village_code, '不详')
),
aided AS (
  SELECT
    coalesce(village_code, '不详') AS village_code,
    count(*) AS aid_due_count,
    count(*) FILTER (WHERE aid_basis = '已发放') AS aid_paid_count,
    count(*) FILTER (WHERE aid_basis IN ('未发放', '低于标准')) AS aid_missed_count,
    count(*) FILTER (WHERE aid_basis IN ('本学期资助数据未到', '就读方式不详')) AS aid_unclear_count,
    sum(CASE WHEN aid_basis <> '本学期资助数据未到' THEN aid_paid_yuan END) AS aid_paid_yuan
  FROM core.pupil_aid
  GROUP BY coalesce(village_code, '不详')
),
stranger AS (
  SELECT aid.person_key, coalesce(member.village_code, '不详') AS village_code
  FROM core.education_aid_now AS aid
  INNER JOIN core.school_term AS term ON term.term_code = aid.term_code
  INNER JOIN core.member AS member ON member.person_key = aid.person_key
  WHERE aid.is_registered_poor AND NOT member.is_registered AND NOT member.has_registered_kin
  GROUP BY aid.person_key, coalesce(member.village_code, '不详')
),
wrong AS (
  SELECT village_code, count(*) AS aid_wrong_count
  FROM stranger
  GROUP BY village_code
),
place AS (
  SELECT village_code FROM child
  UNION
  SELECT village_code FROM aided
  UNION
  SELECT village_code FROM wrong
),
village_count AS (
  SELECT
    place.village_code,
    coalesce(child.school_age_count, 0) AS school_age_count,
    coalesce(child.in_school_count, 0) AS in_school_count,
    coalesce(child.taught_at_home_count, 0) AS taught_at_home_count,
    coalesce(child.school_elsewhere_count, 0) AS school_elsewhere_count,
    coalesce(child.school_finished_count, 0) AS school_finished_count,
    coalesce(child.school_unfit_count, 0) AS school_unfit_count,
    coalesce(child.school_deferred_count, 0) AS school_deferred_count,
    coalesce(child.school_not_yet_count, 0) AS school_not_yet_count,
    coalesce(child.dropout_confirmed_count, 0) AS dropout_confirmed_count,
    coalesce(child.dropout_suspected_count, 0) AS dropout_suspected_count,
    coalesce(child.school_unclear_count, 0) AS school_unclear_count,
    coalesce(aided.aid_due_count, 0) AS aid_due_count,
    coalesce(aided.aid_paid_count, 0) AS aid_paid_count,
    coalesce(aided.aid_missed_count, 0) AS aid_missed_count,
    coalesce(aided.aid_unclear_count, 0) AS aid_unclear_count,
    coalesce(wrong.aid_wrong_count, 0) AS aid_wrong_count,
    aided.aid_paid_yuan
  FROM place
  LEFT JOIN child ON child.village_code = place.village_code
  LEFT JOIN aided ON aided.village_code = place.village_code
  LEFT JOIN wrong ON wrong.village_code = place.village_code
),
area_count AS (
  SELECT '村' AS area_level, village_code AS area_code, village_count.* FROM village_count
  UNION ALL
  SELECT '乡' AS area_level, substr(village_code, 1, 9) AS area_code, village_count.* FROM village_count
  UNION ALL
  SELECT '县' AS area_level, substr(village_code, 1, 6) AS area_code, village_count.* FROM village_count
),
summed AS (
  SELECT
    area_level, area_code,
    sum(school_age_count) AS school_age_count,
    sum(in_school_count) AS in_school_count,
    sum(taught_at_home_count) AS taught_at_home_count,
    sum(school_elsewhere_count) AS school_elsewhere_count,
    sum(school_finished_count) AS school_finished_count,
    sum(school_unfit_count) AS school_unfit_count,
    sum(school_deferred_count) AS school_deferred_count,
    sum(school_not_yet_count) AS school_not_yet_count,
    sum(dropout_confirmed_count) AS dropout_confirmed_count,
    sum(dropout_suspected_count) AS dropout_suspected_count,
    sum(school_unclear_count) AS school_unclear_count,
    sum(aid_due_count) AS aid_due_count,
    sum(aid_paid_count) AS aid_paid_count,
    sum(aid_missed_count) AS aid_missed_count,
    sum(aid_unclear_count) AS aid_unclear_count,
    sum(aid_wrong_count) AS aid_wrong_count,
    sum(aid_paid_yuan) AS aid_paid_yuan
  FROM area_count
  GROUP BY area_level, area_code
)
SELECT
  summed.area_level,
  summed.area_code,
  area_name.area,
  term.term_code,
  CAST(CASE WHEN feed.has_school THEN summed.school_age_count END AS BIGINT) AS school_age_count,
  CAST(CASE WHEN feed.has_school THEN summed.in_school_count END AS BIGINT) AS in_school_count,
  CAST(CASE WHEN feed.has_school THEN summed.taught_at_home_count END AS BIGINT) AS taught_at_home_count,
  CAST(CASE WHEN feed.has_school THEN summed.school_elsewhere_count END AS BIGINT) AS school_elsewhere_count,
  CAST(CASE WHEN feed.has_school THEN summed.school_finished_count END AS BIGINT) AS school_finished_count,
  CAST(CASE WHEN feed.has_school THEN summed.school_unfit_count END AS BIGINT) AS school_unfit_count,
  CAST(CASE WHEN feed.has_school THEN summed.school_deferred_count END AS BIGINT) AS school_deferred_count,
  CAST(CASE WHEN feed.has_school THEN summed.school_not_yet_count END AS BIGINT) AS school_not_yet_count,
  CAST(CASE WHEN feed.has_school THEN summed.dropout_confirmed_count END AS BIGINT) AS dropout_confirmed_count,
  CAST(CASE WHEN feed.has_school THEN summed.dropout_suspected_count END AS BIGINT) AS dropout_suspected_count,
  CAST(CASE WHEN feed.has_school THEN summed.school_unclear_count END AS BIGINT) AS school_unclear_count,
  CAST(CASE WHEN feed.has_aid THEN summed.aid_due_count END AS BIGINT) AS aid_due_count,
  CAST(CASE WHEN feed.has_aid THEN summed.aid_paid_count END AS BIGINT) AS aid_paid_count,
  CAST(CASE WHEN feed.has_aid THEN summed.aid_missed_count END AS BIGINT) AS aid_missed_count,
  CAST(CASE WHEN feed.has_aid THEN summed.aid_unclear_count END AS BIGINT) AS aid_unclear_count,
  CAST(CASE WHEN feed.has_aid THEN summed.aid_wrong_count END AS BIGINT) AS aid_wrong_count,
  CAST(CASE WHEN feed.has_aid THEN summed.aid_paid_yuan END AS DECIMAL(18, 2)) AS aid_paid_yuan
FROM summed
CROSS JOIN core.school_term AS term
CROSS JOIN feed
LEFT JOIN ref.area AS area_name ON area_name.area_level = summed.area_level AND area_name.area_code = summed.area_code
