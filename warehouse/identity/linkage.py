"""The tiers beyond the id: name, birth date and village that fit one person only, then weighed pairs; and the household of a named head.

Everything is computed anew from the warehouse's state and replaces what stood before (``core.link_candidate``,
``core.household_link``); decisions of people go before it. Not part of a delivery's way: it takes as long as it takes, at night.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import duckdb

from connectors.feed import Feed
from warehouse.identity import decisions, tiers, unlinked

SEED = 20190630
# With fewer rows nothing can be learnt of how names are misspelt here.
ENOUGH_ROWS = 20


def link(
    con: duckdb.DuckDBPyConnection, feeds: Mapping[str, Feed], when: str, *, retrain: bool = False
) -> dict[str, int]:
    """Find people for the rows without an id; returns rows per outcome. Works inside the caller's transaction.

    ``retrain``: learn anew; otherwise the stored model is used, which makes two runs comparable.
    """
    con.execute("DELETE FROM core.link_candidate")
    # People as decisions leave them, without what was found before.
    decisions.resolve(con, feeds)
    unlinked.gather_people(con)
    counts = {"unlinked": unlinked.gather_rows(con, feeds)}
    counts["households"] = tiers.households(con)
    if not counts["unlinked"]:
        return counts
    counts |= tiers.persons(con, feeds)
    for numbered in (True, False):
        # A registered person without an id is looked for among those who have one; then everybody is looked for among all.
        rows = (
            f"SELECT u.* FROM unlinked AS u WHERE u.is_numbered = {numbered} AND NOT EXISTS "
            "(SELECT 1 FROM core.link_candidate AS c WHERE c.feed = u.feed AND c.record = u.record AND c.decision = 'auto')"
        )
        con.execute(f"CREATE OR REPLACE TEMP TABLE rows_left AS {rows}")
        con.execute(
            f"CREATE OR REPLACE TEMP VIEW people_left AS SELECT * FROM known_people {'WHERE NOT is_numbered' if numbered else ''}"
        )
        for name, number in _weigh(con, when, retrain and numbered).items():
            counts[name] = counts.get(name, 0) + number
    for name in ("rows_left", "unlinked", "known_people"):
        con.execute(f"DROP TABLE IF EXISTS temp.{name} CASCADE")
    return counts | decisions.resolve(con, feeds)


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
