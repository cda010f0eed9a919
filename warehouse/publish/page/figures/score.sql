-- Departments and townships in the newest month in which anybody has a score; who has none comes last.
SELECT scorecard.*
FROM mart.scorecard AS scorecard
WHERE scorecard.stat_month = (
  SELECT coalesce(max(stat_month) FILTER (WHERE score IS NOT NULL), max(stat_month)) FROM mart.scorecard
)
ORDER BY scorecard.unit_kind, scorecard.score_rank NULLS LAST, scorecard.unit_title
