"""A citizen id as a list for clerks may show it: the first four and the last two characters, enough to compare it with a document."""

from __future__ import annotations


def masked_ids_sql(wanted: str) -> str:
    """SELECT of ``person_key`` and ``masked_id`` for the people in the relation ``wanted`` (column ``person_key``).

    A person with several ids shows that of the key by which he is known.
    """
    return _ids_sql(wanted, "left(i.value, 4) || repeat('*', 12) || right(i.value, 2)", "masked_id")


def whole_ids_sql(wanted: str) -> str:
    """The same with the whole ``citizen_id``: for what a second person has approved and the log knows of (:mod:`warehouse.exports.operations`)."""
    return _ids_sql(wanted, "i.value", "citizen_id")


def _ids_sql(wanted: str, shown: str, name: str) -> str:
    return (
        f"SELECT coalesce(a.spine_key, i.person_key) AS person_key, arg_min({shown}, "
        f"(CASE WHEN a.spine_key IS NULL THEN 0 ELSE 1 END, i.value)) AS {name} "
        "FROM core.identity AS i LEFT JOIN core.person_alias AS a ON a.person_key = i.person_key WHERE i.kind = 'citizen_id' "
        f"AND coalesce(a.spine_key, i.person_key) IN (SELECT person_key FROM {wanted}) GROUP BY 1"
    )
