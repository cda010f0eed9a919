-- V03 贫困村基础设施短板
-- 贫困村没有硬化路、安全饮水、标准化卫生室、宽带或客车的，并列出全市贫困村通宽带的比例。
-- 政策依据: 北委发〔2019〕5号 二(二) 补齐基础设施和公共服务短板：“90%以上贫困村通宽带”，2019 年解决饮水安全。
-- Severity: 橙
-- Owner: fupinban
-- Version: 1，2019-01-01 至 9999-12-31
-- Subject: village（不以户计）
-- Parameters: BROADBAND
-- Feeds: village
-- Undone by: village
-- Inputs: core.village_now, ref.parameter, ref.run.
-- Limits: 以村表登记为准，没有实地核对。任一项为否即命中；没有一项为否而有空白的无法判定。空白的村不在通宽带比例的分母里。
-- Tie-breaks: none; one row per village.
WITH parameter AS (
  SELECT max(CASE WHEN parameter.code = 'BROADBAND' THEN parameter.value END) AS broadband_target
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
county AS (
  SELECT
    count(*) FILTER (WHERE is_broadband IS NOT NULL) AS told,
    count(*) FILTER (WHERE is_broadband) AS served
  FROM core.village_now
  WHERE is_poor_village
)
SELECT
  village.village_code AS subject,
  CAST(NULL AS BIGINT) AS person_key,
  CAST(NULL AS VARCHAR) AS household_id,
  village.village_code,
  CASE
    WHEN NOT village.is_road_paved OR NOT village.is_water_safe OR NOT village.is_clinic_standard OR NOT village.is_broadband
      OR NOT village.is_bus_served THEN '命中'
    WHEN village.is_road_paved AND village.is_water_safe AND village.is_clinic_standard AND village.is_broadband
      AND village.is_bus_served THEN '未命中'
    ELSE '无法判定'
  END AS verdict,
  rtrim(CASE WHEN NOT village.is_road_paved THEN '硬化路；' ELSE '' END
  || CASE WHEN NOT village.is_water_safe THEN '安全饮水；' ELSE '' END
  || CASE WHEN NOT village.is_clinic_standard THEN '标准化卫生室；' ELSE '' END
  || CASE WHEN NOT village.is_broadband THEN '宽带；' ELSE '' END
  || CASE WHEN NOT village.is_bus_served THEN '客车；' ELSE '' END, '；') AS lacking,
  CASE WHEN county.told > 0 THEN CAST(CAST(county.served AS DOUBLE) / county.told AS DECIMAL(12, 8)) END AS broadband_share,
  parameter.broadband_target
FROM core.village_now AS village
CROSS JOIN county
CROSS JOIN parameter
WHERE village.is_poor_village
