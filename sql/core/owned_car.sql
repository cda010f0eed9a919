-- core.owned_car
-- 名下机动车：有车的每个人，算数的车（正常状态的小型汽车，或购置价格超过上限的其他机动车）有几辆，说不清的有几辆。
-- Grain: one row per person_key that owns a registered vehicle.
-- 政策依据: 建档立卡错评剔除“十原则”：购置机动车的（参数 CAR_VALUE）；残疾人代步车、农用三轮车、报废车和贷款买的货车除外。
-- Inputs: core.vehicle_now, core.bank_loan_now, core.member, ref.parameter, ref.feed_state, ref.run.
-- Limits: 转出、被盗抢、停驶、注销、强制注销、报废、海关监管、嫌疑车不算在用；逾期未检验的可能早已报废，说不清。残疾人代步车、三轮汽车、低速货车不算。
--   小型汽车不论价格；摩托车、拖拉机没有价格的不算，其他车没有价格的说不清。货车、挂车价格超过上限的，本户有贷款在初次登记前后
--   TRUCK_LOAN_DAYS 天以内发放的不算（贷款买的货车），贷款数据未到或过期的说不清。
-- Tie-breaks: none (counts and maxima only).
WITH parameter AS (
  SELECT
    max(CASE WHEN parameter.code = 'CAR_VALUE' THEN parameter.value END) AS car_value,
    max(CASE WHEN parameter.code = 'TRUCK_LOAN_DAYS' THEN parameter.value END) AS truck_loan_days
  FROM ref.parameter
  CROSS JOIN ref.run
  WHERE run.as_of >= parameter.valid_from AND run.as_of < parameter.valid_to
),
ready AS (
  SELECT max(CASE WHEN is_present AND NOT is_stale THEN 1 ELSE 0 END) = 1 AS has_loans
  FROM ref.feed_state
  WHERE feed = 'bank_loan'
),
in_use AS (
  SELECT plate_no, vehicle_type_code, person_key, vehicle_status_code, price_yuan, first_registered_date
  FROM core.vehicle_now
  WHERE person_key IS NOT NULL AND vehicle_type_code NOT IN ('5', '7') AND vehicle_status_code NOT IN ('B', 'C', 'D', 'E', 'H', 'J', 'M', 'P')
),
truck AS (
  SELECT in_use.plate_no, in_use.vehicle_type_code, in_use.first_registered_date, member.household_id
  FROM in_use
  INNER JOIN core.member AS member ON member.person_key = in_use.person_key
  CROSS JOIN parameter
  WHERE in_use.vehicle_type_code IN ('3', '8') AND in_use.price_yuan > parameter.car_value AND member.household_id IS NOT NULL
),
loan AS (
  SELECT coalesce(member.household_id, loan.household_id) AS household_id, loan.issued_date
  FROM core.bank_loan_now AS loan
  LEFT JOIN core.member AS member ON member.person_key = loan.person_key
),
financed AS (
  SELECT truck.plate_no, truck.vehicle_type_code
  FROM truck
  INNER JOIN loan ON loan.household_id = truck.household_id
  CROSS JOIN parameter
  WHERE abs(date_diff('day', loan.issued_date, truck.first_registered_date)) <= parameter.truck_loan_days
  GROUP BY truck.plate_no, truck.vehicle_type_code
),
judged AS (
  SELECT
    in_use.person_key,
    in_use.vehicle_type_code,
    in_use.price_yuan,
    CASE
      WHEN in_use.vehicle_type_code = '1' THEN CASE WHEN in_use.vehicle_status_code = 'Q' THEN '说不清' ELSE '算' END
      WHEN in_use.price_yuan IS NULL THEN CASE WHEN in_use.vehicle_type_code IN ('4', '6') THEN '不算' ELSE '说不清' END
      WHEN in_use.price_yuan <= parameter.car_value THEN '不算'
      WHEN financed.plate_no IS NOT NULL THEN '不算'
      WHEN in_use.vehicle_status_code = 'Q' THEN '说不清'
      WHEN in_use.vehicle_type_code IN ('3', '8') AND NOT ready.has_loans THEN '说不清'
      ELSE '算'
    END AS counts
  FROM in_use
  CROSS JOIN parameter
  CROSS JOIN ready
  LEFT JOIN financed ON financed.plate_no = in_use.plate_no AND financed.vehicle_type_code = in_use.vehicle_type_code
),
summed AS (
  SELECT
    person_key,
    count(*) FILTER (WHERE counts = '算') AS car_count,
    count(*) FILTER (WHERE counts = '说不清') AS unclear_car_count,
    max(CASE WHEN counts = '算' THEN price_yuan END) AS car_price_yuan
  FROM judged
  GROUP BY person_key
),
owned AS (
  SELECT person_key, count(*) AS vehicle_count
  FROM core.vehicle_now
  WHERE person_key IS NOT NULL
  GROUP BY person_key
)
SELECT
  owned.person_key,
  owned.vehicle_count,
  coalesce(summed.car_count, 0) AS car_count,
  coalesce(summed.unclear_car_count, 0) AS unclear_car_count,
  summed.car_price_yuan
FROM owned
LEFT JOIN summed ON summed.person_key = owned.person_key
