-- The incidence below which a village may leave poverty, as it stands on the snapshot's day.
SELECT parameter.code, parameter.series, parameter.value, parameter.source
FROM ref.parameter AS parameter
WHERE parameter.code = 'VILLAGE_EXIT_RATE'
  AND parameter.valid_from <= (SELECT max(as_of) FROM mart.headcount) AND (SELECT max(as_of) FROM mart.headcount) < parameter.valid_to
