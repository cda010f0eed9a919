-- mart.clue_supervision
-- 督办名单：没有办结的红色线索，发现以后超过规定天数的列入督办。
-- Grain: one row per open clue of severity 红.
-- 政策依据: 北委发〔2019〕5号 四(二) “随时发现问题随时约谈”（A47）。
-- Inputs: mart.clue, ref.parameter, ref.run.
-- Limits: 天数为自然日，从本轮发现到运行日；恰好等于规定天数的不督办。申诉期间不督办。参数没有值时全部为“参数缺失”。
-- Tie-breaks: none; mart.clue has one row per clue.
WITH parameter AS (
  SELECT max(CASE WHEN parameter.code = 'SUPERVISE_DAYS' THEN parameter.value END) AS supervise_days
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
)
SELECT
  clue.clue_id,
  clue.rule_id,
  clue.rule_title,
  clue.owner,
  coalesce(CASE WHEN clue.owner = '乡镇' THEN clue.town END, clue.owner_title) AS owner_title,
  clue.subject_kind,
  clue.person_key,
  clue.household_id,
  clue.village_code,
  clue.town_code,
  clue.town,
  clue.clue_state,
  clue.opened_on,
  clue.due_date,
  clue.days_open,
  parameter.supervise_days,
  CASE
    WHEN clue.is_frozen THEN '申诉中'
    WHEN parameter.supervise_days IS NULL THEN '参数缺失'
    WHEN clue.days_open > parameter.supervise_days THEN '督办'
    ELSE '未到期限'
  END AS supervision_state
FROM mart.clue AS clue
CROSS JOIN parameter
WHERE clue.is_open AND clue.severity = '红'
