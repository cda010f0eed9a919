-- Each feed's newest delivery and whether it still holds; what is missing or too old comes first.
WITH newest AS (
  SELECT
    quality.*,
    row_number() OVER (PARTITION BY feed ORDER BY state = 'merged' DESC, as_of DESC NULLS LAST, batch_id DESC) AS choice
  FROM mart.feed_quality AS quality
  WHERE feed <> 'unrecognised'
)
SELECT
  newest.*,
  CASE
    WHEN state = 'missing' THEN '从未报送'
    WHEN state <> 'merged' THEN '整批退回'
    WHEN age_days > freshness_days THEN '过期'
    ELSE '有效'
  END AS freshness
FROM newest
WHERE choice = 1
ORDER BY list_position(['从未报送', '整批退回', '过期', '有效'], freshness), age_days - freshness_days DESC NULLS LAST, feed
