-- id_part_birth(part)
-- 残存证号里的出生日期数字：18 位证号第 7 位起最多八位；15 位证号第 7 位起最多六位，前面补 19。
-- Grain: one tidied number.  Limit: 15-digit ids of 1919 and 1920 read as 18-digit ones; less than a whole year gives NULL.
SELECT
  CASE
    WHEN NOT regexp_matches(part, '^[0-9]{8,}') THEN NULL
    WHEN substr(part, 7, 2) IN ('18', '19', '20') THEN CASE WHEN strlen(part) >= 10 THEN substr(part, 7, 8) END
    ELSE '19' || substr(part, 7, 6)
  END AS value
FROM cell
