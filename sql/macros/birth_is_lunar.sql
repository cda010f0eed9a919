-- birth_is_lunar(one, other)
-- 两个出生日期的距离是否像农历和公历之差：15 至 60 天，或者再差一年。
-- Grain: one pair of days.  Basis: a lunar date read as a solar one lies three to seven weeks early; around the new year the year may differ too.
SELECT
  abs(date_diff('day', one, other)) BETWEEN 15 AND 60 OR abs(date_diff('day', one, other)) BETWEEN 305 AND 350 AS value
FROM cell
