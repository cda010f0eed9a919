-- mart.village_exit
-- 贫困村退出核查：每个贫困村综合贫困发生率的分子各部分、分母、是否严格低于标准，退出条件和只作参考的指标分开，结论和理由。
-- Grain: one row per poor village (village_code), on the run date.
-- 政策依据: 北委发〔2019〕5号 三(一)3 “贫困村退出以综合贫困发生率低于2%为主要指标”；一(二) 既不能降低标准，也不能擅自拔高标准；取消行业部门与扶贫无关的搭车任务。
-- Inputs: mart.village_incidence, mart.person_status, core.exit_finding_now, core.village_now, core.target_baseline, ref.village_exit_indicator, ref.parameter,
--   ref.feed_state, ref.run.
-- Limits: 分子 = 未脱贫 + 返贫 + 漏评 + 错退；漏评、错退只算经核查认定、尚未纠正、登记里不是贫困人口的人。认定名单未到或过期时不能当作没有：
--   不加它已达到标准的仍为不达标，否则无法判定。哪些指标是退出条件由 ref.village_exit_indicator 规定，参考指标无论如何不影响结论。
--   发生率用整数和参数的精确小数比较（4/200 不达标，4/201 达标）。exit_plan: 已退出为退出年度不晚于运行年，计划退出为退出年度在以后或在年度减贫目标名单中。
-- Tie-breaks: none; every input holds one row per village.
WITH parameter AS (
  SELECT max(CASE WHEN parameter.code = 'VILLAGE_EXIT_RATE' THEN parameter.value END) AS exit_rate
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
feed AS (
  SELECT
    coalesce(bool_or(feed = 'exit_finding'), FALSE) AS has_finding,
    coalesce(bool_or(feed = 'village'), FALSE) AS has_village
  FROM ref.feed_state
  WHERE is_present AND NOT is_stale
),
criterion AS (
  SELECT
    coalesce(bool_or(indicator_code = 'rate' AND is_statutory), FALSE) AS needs_rate,
    coalesce(bool_or(indicator_code = 'road' AND is_statutory), FALSE) AS needs_road,
    coalesce(bool_or(indicator_code = 'water' AND is_statutory), FALSE) AS needs_water,
    coalesce(bool_or(indicator_code = 'clinic' AND is_statutory), FALSE) AS needs_clinic,
    coalesce(bool_or(indicator_code = 'bus' AND is_statutory), FALSE) AS needs_bus,
    coalesce(bool_or(indicator_code = 'broadband' AND is_statutory), FALSE) AS needs_broadband,
    coalesce(bool_or(indicator_code = 'collective' AND is_statutory), FALSE) AS needs_collective
  FROM ref.village_exit_indicator AS indicator
  CROSS JOIN ref.run AS run
  WHERE run.as_of >= indicator.valid_from AND run.as_of < indicator.valid_to
),
returned AS (
  SELECT village_code, count(*) AS returned_persons
  FROM mart.person_status
  WHERE poverty_status_code = '3'
  GROUP BY village_code
),
finding AS (
  SELECT
    found.village_code,
    count(DISTINCT CASE WHEN found.finding_kind_code = '1' THEN found.person_key END) AS missed_persons,
    count(DISTINCT CASE WHEN found.finding_kind_code = '2' THEN found.person_key END) AS wrongly_exited_persons
  FROM core.exit_finding_now AS found
  LEFT JOIN mart.person_status AS status ON status.person_key = found.person_key
  WHERE NOT coalesce(found.is_corrected, FALSE) AND NOT coalesce(status.is_poor, FALSE)
  GROUP BY found.village_code
),
planned AS (
  SELECT baseline.target_no AS village_code
  FROM core.target_baseline AS baseline
  CROSS JOIN ref.run AS run
  WHERE baseline.target_kind_code = '2' AND baseline.recorded_to = TIMESTAMP '9999-12-31 00:00:00'
    AND baseline.target_year >= extract(YEAR FROM run.as_of) AND baseline.valid_from <= run.as_of
  GROUP BY baseline.target_no
),
counted AS (
  SELECT
    village.village_code, village.village, village.town, village.exit_year,
    CASE
      WHEN village.exit_year <= extract(YEAR FROM run.as_of) THEN '已退出'
      WHEN village.exit_year IS NOT NULL OR planned.village_code IS NOT NULL THEN '计划退出'
      ELSE '未列入'
    END AS exit_plan,
    incidence.numerator AS poor_persons,
    CASE WHEN incidence.numerator IS NOT NULL THEN coalesce(returned.returned_persons, 0) END AS returned_persons,
    CASE WHEN incidence.numerator IS NOT NULL AND feed.has_finding THEN coalesce(finding.missed_persons, 0) END AS missed_persons,
    CASE WHEN incidence.numerator IS NOT NULL AND feed.has_finding THEN coalesce(finding.wrongly_exited_persons, 0) END AS wrongly_exited_persons,
    incidence.unknown_count, incidence.denominator, parameter.exit_rate, feed.has_village,
    village.is_road_paved, village.is_water_safe, village.is_clinic_standard, village.is_bus_served, village.is_broadband,
    village.collective_income_yuan > 0 AS has_collective_income
  FROM core.village_now AS village
  CROSS JOIN ref.run AS run
  CROSS JOIN parameter
  CROSS JOIN feed
  LEFT JOIN mart.village_incidence AS incidence ON incidence.village_code = village.village_code
  LEFT JOIN returned ON returned.village_code = village.village_code
  LEFT JOIN finding ON finding.village_code = village.village_code
  LEFT JOIN planned ON planned.village_code = village.village_code
  WHERE village.is_poor_village
),
rated AS (
  SELECT
    counted.*,
    CASE
      WHEN exit_rate IS NULL THEN '参数缺失'
      WHEN poor_persons IS NULL OR denominator IS NULL THEN '无法判定'
      WHEN poor_persons + coalesce(missed_persons + wrongly_exited_persons, 0) >= exit_rate * denominator THEN '不达标'
      WHEN missed_persons IS NULL THEN '无法判定'
      WHEN poor_persons + missed_persons + wrongly_exited_persons + unknown_count >= exit_rate * denominator AND unknown_count > 0 THEN '无法判定'
      ELSE '达标'
    END AS rate_state,
    CASE WHEN NOT has_village OR is_road_paved IS NULL THEN '无法判定' WHEN is_road_paved THEN '达标' ELSE '不达标' END AS road_state,
    CASE WHEN NOT has_village OR is_water_safe IS NULL THEN '无法判定' WHEN is_water_safe THEN '达标' ELSE '不达标' END AS village_water_state,
    CASE WHEN NOT has_village OR is_clinic_standard IS NULL THEN '无法判定' WHEN is_clinic_standard THEN '达标' ELSE '不达标' END AS clinic_state,
    CASE WHEN NOT has_village OR is_bus_served IS NULL THEN '无法判定' WHEN is_bus_served THEN '达标' ELSE '不达标' END AS bus_state,
    CASE WHEN NOT has_village OR is_broadband IS NULL THEN '无法判定' WHEN is_broadband THEN '达标' ELSE '不达标' END AS broadband_state,
    CASE WHEN NOT has_village OR has_collective_income IS NULL THEN '无法判定' WHEN has_collective_income THEN '达标' ELSE '不达标' END AS collective_state
  FROM counted
),
weighed AS (
  SELECT
    rated.*,
    CASE WHEN needs_rate AND rate_state = '不达标' THEN '综合贫困发生率不低于标准；' ELSE '' END
    || CASE WHEN needs_road AND road_state = '不达标' THEN '未通硬化路；' ELSE '' END
    || CASE WHEN needs_water AND village_water_state = '不达标' THEN '饮水不安全；' ELSE '' END
    || CASE WHEN needs_clinic AND clinic_state = '不达标' THEN '没有标准化卫生室；' ELSE '' END
    || CASE WHEN needs_bus AND bus_state = '不达标' THEN '未通客车；' ELSE '' END
    || CASE WHEN needs_broadband AND broadband_state = '不达标' THEN '未通宽带；' ELSE '' END
    || CASE WHEN needs_collective AND collective_state = '不达标' THEN '没有村集体经济收入；' ELSE '' END AS failed,
    CASE WHEN needs_rate AND rate_state IN ('无法判定', '参数缺失') THEN '综合贫困发生率；' ELSE '' END
    || CASE WHEN needs_road AND road_state = '无法判定' THEN '硬化路；' ELSE '' END
    || CASE WHEN needs_water AND village_water_state = '无法判定' THEN '饮水安全；' ELSE '' END
    || CASE WHEN needs_clinic AND clinic_state = '无法判定' THEN '卫生室；' ELSE '' END
    || CASE WHEN needs_bus AND bus_state = '无法判定' THEN '客车；' ELSE '' END
    || CASE WHEN needs_broadband AND broadband_state = '无法判定' THEN '宽带；' ELSE '' END
    || CASE WHEN needs_collective AND collective_state = '无法判定' THEN '村集体经济；' ELSE '' END AS undecided,
    CASE WHEN NOT needs_road AND road_state = '不达标' THEN '未通硬化路；' ELSE '' END
    || CASE WHEN NOT needs_water AND village_water_state = '不达标' THEN '饮水不安全；' ELSE '' END
    || CASE WHEN NOT needs_clinic AND clinic_state = '不达标' THEN '没有标准化卫生室；' ELSE '' END
    || CASE WHEN NOT needs_bus AND bus_state = '不达标' THEN '未通客车；' ELSE '' END
    || CASE WHEN NOT needs_broadband AND broadband_state = '不达标' THEN '未通宽带；' ELSE '' END
    || CASE WHEN NOT needs_collective AND collective_state = '不达标' THEN '没有村集体经济收入；' ELSE '' END AS beside
  FROM rated
  CROSS JOIN criterion
)
SELECT
  village_code,
  village,
  substr(village_code, 1, 9) AS town_code,
  town,
  exit_year,
  exit_plan,
  poor_persons - returned_persons AS not_exited_persons,
  returned_persons,
  missed_persons,
  wrongly_exited_persons,
  poor_persons + missed_persons + wrongly_exited_persons AS exit_numerator,
  denominator,
  CASE
    WHEN denominator > 0
      THEN CAST(CAST(poor_persons + missed_persons + wrongly_exited_persons AS DOUBLE) / denominator AS DECIMAL(12, 8))
  END AS comprehensive_incidence,
  unknown_count,
  rate_state,
  road_state,
  village_water_state,
  clinic_state,
  bus_state,
  broadband_state,
  collective_state,
  CASE
    WHEN failed <> '' THEN '不达标'
    WHEN rate_state = '参数缺失' THEN '参数缺失'
    WHEN undecided <> '' THEN '无法判定'
    ELSE '达标'
  END AS verdict,
  CASE WHEN failed <> '' THEN rtrim(failed, '；') WHEN undecided <> '' THEN '没有数据：' || rtrim(undecided, '；') ELSE '各项退出条件均达标' END AS exit_reasons,
  rtrim(beside, '；') AS reference_shortfalls
FROM weighed
