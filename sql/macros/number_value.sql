-- number_value(plain)
-- 数值 DECIMAL(24,6)：千分位逗号、括号负数、科学计数、万/亿后缀。
-- Grain: one tidied cell.  Limit: a fraction beyond six digits is rounded.
SELECT
  CASE
    WHEN regexp_full_match(plain, '[(]?[+-]?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)?(\.[0-9]+)?(E[+-]?[0-9]{1,2})?(亿元?|千万元?|百万元?|万元?|千元|百元|元|个|人|户|亩|㎡|平方米|个月|月|年|天|次|学时|课时|小时)?[)]?')
      THEN CAST(
        try_cast(regexp_replace(regexp_replace(plain, '[,()+]|[^0-9.E,()+-]+', '', 'g'), '^E', '') AS DECIMAL(24,6))
        * CASE
            WHEN contains(plain, '亿') THEN 100000000 WHEN contains(plain, '千万') THEN 10000000 WHEN contains(plain, '百万') THEN 1000000
            WHEN contains(plain, '万') THEN 10000 WHEN contains(plain, '千元') THEN 1000 WHEN contains(plain, '百元') THEN 100 ELSE 1 END
        * CASE WHEN left(plain, 1) = '(' THEN -1 ELSE 1 END AS DECIMAL(24,6))
  END AS value
FROM cell
