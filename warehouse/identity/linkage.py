"""The tiers beyond the id: name, birth date and village that fit one person only, then weighed pairs; and the household of a named head.

Everything is computed anew from the warehouse's state and replaces what stood before (``core.link_candidate``,
``core.household_link``); decisions of people go before it. Not part of a delivery's way: it takes as long as it takes, at night.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import duckdb

from connectors.feed import Feed
from warehouse.identity import unlinked

SEED = 20190630
# With fewer rows nothing can be learnt of how names are misspelt here.
ENOUGH_ROWS = 20


def link(
    con: duckdb.DuckDBPyConnection, feeds: Mapping[str, Feed], when: str, *, retrain: bool = False
) -> dict[str, int]:
    """Find people for the rows without an id; returns rows per outcome. Works inside the caller's transaction; follow with ``resolve``.

    ``retrain``: learn anew; otherwise the stored model is used, which makes two runs comparable.
    """
    unlinked.gather_people(con)
    counts = {"unlinked": unlinked.gather_rows(con, feeds)}
    con.execute("DELETE FROM core.link_candidate")
    counts["households"] = _households(con)
    if not counts["unlinked"]:
        return counts
    counts["name_birth_village"] = _exactly_one(con)
    for numbered in (True, False):
        # A registered person without an id is looked for among those who have one; then everybody is looked for among all.
        rows = (
            f"SELECT u.* FROM unlinked AS u WHERE u.is_numbered = {numbered} AND NOT EXISTS "
            "(SELECT 1 FROM core.link_candidate AS c WHERE c.feed = u.feed AND c.record = u.record)"
        )
        con.execute(f"CREATE OR REPLACE TEMP TABLE rows_left AS {rows}")
        con.execute(
            f"CREATE OR REPLACE TEMP VIEW people_left AS SELECT * FROM known_people {'WHERE NOT is_numbered' if numbered else ''}"
        )
        for name, number in _weigh(con, when, retrain and numbered).items():
            counts[name] = counts.get(name, 0) + number
    for name in ("rows_left", "unlinked", "known_people"):
        con.execute(f"DROP TABLE IF EXISTS temp.{name} CASCADE")
    return counts


def _exactly_one(con: duckdb.DuckDBPyConnection) -> int:
    """Tier 5: name as compared, birth date and village fit one row and one person, and household or a relative fit too."""
    con.execute(
        "INSERT INTO core.link_candidate WITH p AS (SELECT *, name_plain(name) AS plain FROM known_people WHERE NOT is_numbered), "
        "r AS (SELECT *, name_plain(name) AS plain FROM unlinked WHERE NOT about_head), "
        "pairs AS (SELECT r.feed, r.record, p.person_key, "
        "  coalesce(r.household_key = p.household_key, FALSE) OR coalesce(list_has_any(r.relatives, p.relatives), FALSE) AS fits, "
        "  count(*) OVER (PARTITION BY r.row_key) AS people, count(*) OVER (PARTITION BY p.person_key, r.feed) AS records "
        "  FROM r JOIN p ON r.plain = p.plain AND r.birth_date = p.birth_date "
        # Pupils' rows bear no village: the household stands for it.
        "  AND coalesce(r.village_code = p.village_code, r.household_key = p.household_key, FALSE) "
        "  WHERE r.plain NOT LIKE '%?%') "
        "SELECT feed, record, person_key, NULL, NULL, 1, 'auto', 'name_birth_village', NULL FROM pairs WHERE fits AND people = 1 AND records = 1"
    )
    row = con.execute("SELECT count(*) FROM core.link_candidate WHERE method = 'name_birth_village'").fetchone()
    return int(row[0]) if row else 0


def _households(con: duckdb.DuckDBPyConnection) -> int:
    """Tier 6: a row that knows only a head's name and village speaks of the one household there whose head bears it — not of a person."""
    con.execute(
        "CREATE OR REPLACE TABLE core.household_link AS WITH h AS ("
        "  SELECT household_id, village_code, name_plain(head_name) AS plain, count(*) OVER (PARTITION BY village_code, name_plain(head_name)) AS n "
        "  FROM core.registry_household_now WHERE head_name IS NOT NULL AND village_code IS NOT NULL"
        ") SELECT u.feed, u.record, h.household_id, 'head_village' AS method FROM unlinked AS u "
        "JOIN h ON h.plain = name_plain(u.name) AND h.village_code = u.village_code AND h.n = 1 AND h.plain NOT LIKE '%?%' WHERE u.about_head"
    )
    row = con.execute("SELECT count(*) FROM core.household_link").fetchone()
    return int(row[0]) if row else 0


def _weigh(con: duckdb.DuckDBPyConnection, when: str, retrain: bool) -> dict[str, int]:
    from warehouse.identity import linking

    left = con.execute("SELECT count(*) FROM rows_left").fetchone()
    if not left or not left[0]:
        return {}
    stored = con.execute("SELECT version, settings FROM core.link_model ORDER BY trained_at DESC LIMIT 1").fetchone()
    if stored is None or retrain:
        if left[0] < ENOUGH_ROWS:
            return {"too_few_to_learn": int(left[0])}
        model = linking.train(con, "rows_left", "people_left", SEED)
        con.execute(
            "INSERT INTO core.link_model SELECT ?, ?, ?, (SELECT count(*) FROM people_left), ?",
            [model.version, model.settings_json, dt.datetime.fromisoformat(when), left[0]],
        )
    else:
        model = linking.Model(*map(str, stored))
    counts = linking.link(con, "rows_left", "people_left", model, "links_found")
    con.execute(
        "INSERT INTO core.link_candidate SELECT r.feed, r.record, l.person_key, l.weight, l.probability, l.rank, "
        # Who knows the head only is told of a household; a person decides whether it is this one.
        "CASE WHEN r.about_head THEN 'review' ELSE l.decision END, l.method, l.model_version "
        "FROM links_found AS l JOIN rows_left AS r USING (row_key) WHERE l.person_key IS DISTINCT FROM r.own_key"
    )
    con.execute('DROP TABLE "temp".links_found')
    return {name: counts[name] for name in ("auto", "review", "none")}
