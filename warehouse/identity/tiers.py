"""The tiers that need no weights: what is given fits one person, or one household, and no other.

``household_name``: the household's number and a member's name. ``reference``: a document of another feed (a loan's number) whose row is
known to be about somebody of this name. ``name_birth_village``: name, birth date and village, with household or a relative. In the first two a
character that was lost on the way may be any, so long as one person remains.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from connectors.feed import Feed
from connectors.quoting import identifier, literal
from warehouse.history.tables import name_column

_NEW = (
    "INSERT INTO core.link_candidate SELECT feed, record, person_key, NULL, NULL, 1, 'auto', '{method}', NULL FROM ({pairs}) AS found "
    # One record, one person; a namesake on either side leaves it to the tiers that weigh.
    "WHERE NOT EXISTS (SELECT 1 FROM core.link_candidate AS c WHERE c.feed = found.feed AND c.record = found.record) "
    "QUALIFY count(DISTINCT person_key) OVER (PARTITION BY feed, record) = 1 AND row_number() OVER (PARTITION BY feed, record) = 1"
)


def persons(con: duckdb.DuckDBPyConnection, feeds: Mapping[str, Feed]) -> dict[str, int]:
    """Put into ``core.link_candidate`` who is certain among ``unlinked``; returns rows per method."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE people_plain AS SELECT person_key, name_plain(name) AS plain, birth_date, village_code, household_key, "
        "relatives, is_numbered FROM known_people WHERE name IS NOT NULL"
    )
    con.execute("CREATE OR REPLACE TEMP TABLE rows_plain AS SELECT *, name_plain(name) AS plain FROM unlinked")
    by_household = (
        "SELECT r.feed, r.record, p.person_key FROM rows_plain AS r JOIN people_plain AS p "
        f"ON p.household_key = r.household_id AND {_same('p.plain', 'r.plain')} "
        "WHERE NOT r.is_numbered AND (r.birth_date IS NULL OR p.birth_date IS NULL OR r.birth_date = p.birth_date)"
    )
    by_birth = (
        "SELECT feed, record, person_key FROM (SELECT r.feed, r.record, p.person_key, "
        "coalesce(r.household_key = p.household_key, FALSE) OR coalesce(list_has_any(r.relatives, p.relatives), FALSE) AS fits, "
        "count(*) OVER (PARTITION BY r.row_key) AS people, count(*) OVER (PARTITION BY p.person_key, r.feed) AS records "
        "FROM rows_plain AS r JOIN people_plain AS p ON r.plain = p.plain AND r.plain NOT LIKE '%?%' AND r.birth_date = p.birth_date "
        # Pupils' rows bear no village: the household stands for it.
        "AND coalesce(r.village_code = p.village_code, r.household_key = p.household_key, FALSE) "
        "WHERE NOT r.about_head AND NOT (r.is_numbered AND p.is_numbered)) WHERE fits AND people = 1 AND records = 1"
    )
    referred = _by_reference(feeds)
    for method, pairs in (
        ("household_name", by_household),
        (
            "reference",
            f"SELECT feed, record, person_key FROM ({referred}) WHERE plain IS NULL OR {_same('plain', 'other')}"
            if referred
            else "",
        ),
        ("name_birth_village", by_birth),
    ):
        if pairs:
            con.execute(_NEW.format(method=method, pairs=pairs))
    if referred:
        # The document says who, the name does not: a person decides.
        con.execute(
            f"INSERT INTO core.link_candidate SELECT DISTINCT feed, record, person_key, NULL, NULL, 1, 'review', 'reference', NULL "
            f"FROM ({referred}) AS r WHERE NOT EXISTS (SELECT 1 FROM core.link_candidate AS c WHERE c.feed = r.feed AND c.record = r.record)"
        )
    con.execute("DROP TABLE people_plain; DROP TABLE rows_plain")
    found = con.execute(
        "SELECT method, count(*) FROM core.link_candidate WHERE decision = 'auto' GROUP BY method"
    ).fetchall()
    return {str(method): int(number) for method, number in found}


def _same(one: str, other: str) -> str:
    """SQL: equal names, or one with a lost character that the other fills in, two being known (of 王? every son is one)."""
    known = f"least(length(replace({one}, '?', '')), length(replace({other}, '?', ''))) >= 2"
    return f"({one} = {other} OR (name_fits({one}, {other}) AND {known}))"


def _by_reference(feeds: Mapping[str, Feed]) -> str:
    """Pairs through the document that a row names (``person_via``)."""
    parts = []
    for feed in feeds.values():
        if feed.person_via is None or feed.person_via[1] not in feeds:
            continue
        other = feeds[feed.person_via[1]]
        if name_column(other) is None:
            continue
        parts.append(
            f"SELECT r.feed, r.record, o.person_key, r.plain, name_plain(o.{identifier(str(name_column(other)))}) AS other FROM rows_plain AS r "
            f"JOIN core.{identifier(other.name + '_now')} AS o "
            f"ON o.{identifier(other.key[0])} = r.via "
            f"WHERE r.via_feed = {literal(other.name)} AND r.feed = {literal(feed.name)} AND o.person_key IS NOT NULL"
        )
    return " UNION ALL ".join(parts)


def households(con: duckdb.DuckDBPyConnection) -> int:
    """``core.household_link``: which household a row of ``household_rows`` speaks of — not which person.

    ``household_number``: the registered household of this number, if its head bears the name that the row gives. ``head_village``: the
    one household of the village whose head bears the name, of the registry, or of the register of residents (``hukou:``) where the
    registry has none.
    """
    con.execute(
        "CREATE OR REPLACE TABLE core.household_link AS WITH head AS ("
        "  SELECT person_key, household_id, village_code, name_plain(head_name) AS plain, 1 AS place FROM core.registry_household_now "
        "  UNION ALL SELECT person_key, 'hukou:' || hukou_no, village_code, name_plain(name), 2 FROM core.household_registration_now "
        "  WHERE relation_code IN ('01', '02') AND hukou_no IS NOT NULL AND coalesce(change_code NOT IN ('2', '4', '5'), TRUE)"
        # A registered household's head stands in both lists.
        "), one AS (SELECT * FROM head WHERE plain NOT LIKE '%?%' AND village_code IS NOT NULL AND person_key IS NOT NULL "
        "  QUALIFY row_number() OVER (PARTITION BY person_key ORDER BY place, household_id) = 1"
        "), sole AS (SELECT * FROM one QUALIFY count(*) OVER (PARTITION BY village_code, plain) = 1"
        "), told AS (SELECT *, name_plain(name) AS plain FROM household_rows"
        "), found AS ("
        "  SELECT t.feed, t.record, t.record_key, h.household_id, h.person_key AS head_key, 'household_number' AS method FROM told AS t "
        f"  JOIN head AS h ON h.household_id = t.household_id AND h.place = 1 WHERE t.plain IS NULL OR {_same('t.plain', 'h.plain')} "
        "  UNION ALL SELECT t.feed, t.record, t.record_key, s.household_id, s.person_key, 'head_village' FROM told AS t "
        "  JOIN sole AS s ON s.plain = t.plain AND s.village_code = t.village_code"
        ") SELECT * FROM found QUALIFY row_number() OVER (PARTITION BY feed, record ORDER BY method DESC, household_id) = 1"
    )
    con.execute("DROP TABLE household_rows")
    row = con.execute("SELECT count(*) FROM core.household_link").fetchone()
    return int(row[0]) if row else 0
