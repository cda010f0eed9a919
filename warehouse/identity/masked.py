"""A citizen id as a list for clerks may show it: the first four and the last two characters, enough to compare it with a document."""

from __future__ import annotations


def masked_ids_sql(wanted: str) -> str:
    """SELECT of ``person_key`` and ``masked_id`` for the people in the relation ``wanted`` (column ``person_key``).

    A person with several ids shows that of the key by which he is known.
    """
    return (
        "SELECT coalesce(a.spine_key, i.person_key) AS person_key, arg_min(left(i.value, 4) || repeat('*', 12) || right(i.value, 2), "
        "(CASE WHEN a.spine_key IS NULL THEN 0 ELSE 1 END, i.value)) AS masked_id "
        "FROM core.identity AS i LEFT JOIN core.person_alias AS a ON a.person_key = i.person_key WHERE i.kind = 'citizen_id' "
        f"AND coalesce(a.spine_key, i.person_key) IN (SELECT person_key FROM {wanted}) GROUP BY 1"
    )
