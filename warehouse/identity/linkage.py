"""The tiers beyond the id: name, birth date and village that fit one person only, then weighed pairs; and the household of a named head.

Everything is computed anew from the warehouse's state and replaces what stood before (``core.link_candidate``,
``core.household_link``); decisions of people go before it. Not part of a delivery's way: it takes as long as it takes, at night.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import duckdb

from connectors.feed import Feed
from warehouse.identity import decisions, linking, tiers, unlinked

SEED = 20190630
# With fewer rows nothing can be learnt of how names are misspelt here.
ENOUGH_ROWS = 20
FORMER_NAMES = 3


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
    unlinked.gather_households(con, feeds)
    counts["households"] = tiers.households(con)
    if not counts["unlinked"]:
        return counts
    counts |= tiers.persons(con, feeds)
    # What belongs to a household for certain is not a question for anybody.
    con.execute(
        "DELETE FROM core.link_candidate AS c WHERE decision = 'review' AND EXISTS "
        "(SELECT 1 FROM core.household_link AS h WHERE h.feed = c.feed AND h.record = c.record)"
    )
    con.execute(
        "DELETE FROM unlinked AS u WHERE EXISTS "
        "(SELECT 1 FROM core.link_candidate AS c WHERE c.feed = u.feed AND c.record = u.record AND c.decision = 'auto') "
        "OR EXISTS (SELECT 1 FROM core.household_link AS h WHERE h.feed = u.feed AND h.record = u.record)"
    )
    con.execute("CREATE OR REPLACE TEMP VIEW people_with_id AS SELECT * FROM known_people WHERE NOT is_numbered")
    model = _model(con, when, retrain)
    # A registered person without an id is looked for among those who have one; then everybody is looked for among all.
    for numbered, people in ((True, "people_with_id"), (False, "known_people")):
        con.execute(f"CREATE OR REPLACE TEMP TABLE rows_left AS SELECT * FROM unlinked WHERE is_numbered = {numbered}")
        for name, number in _weigh(con, model, people).items():
            counts[name] = counts.get(name, 0) + number
    for name in ("rows_left", "unlinked", "known_people"):
        con.execute(f"DROP TABLE IF EXISTS temp.{name} CASCADE")
    return counts | decisions.resolve(con, feeds)


def _former_names(con: duckdb.DuckDBPyConnection, people: str) -> None:
    """Lay those before the clerks who bore the row's name once, where nobody who bears it now is likely: first of all, the nearest first."""
    con.execute(
        "INSERT INTO core.link_candidate SELECT r.feed, r.record, p.person_key, NULL, NULL, 0, 'review', 'former_name', NULL FROM rows_left AS r "
        f"JOIN (SELECT *, name_plain(former_name) AS plain FROM {people} WHERE former_name IS NOT NULL) AS p ON p.plain = name_plain(r.name) "
        "WHERE p.person_key IS DISTINCT FROM r.own_key AND NOT EXISTS (SELECT 1 FROM core.link_candidate AS c WHERE c.feed = r.feed "
        f"AND c.record = r.record AND (c.decision = 'auto' OR c.weight >= {linking.POOR} OR c.person_key = p.person_key)) "
        "QUALIFY row_number() OVER (PARTITION BY r.row_key ORDER BY p.birth_date = r.birth_date DESC NULLS LAST, "
        f"p.village_code = r.village_code DESC NULLS LAST, p.person_key) <= {FORMER_NAMES}"
    )


def _model(con: duckdb.DuckDBPyConnection, when: str, retrain: bool) -> linking.Model | None:
    """The stored model, or a new one learnt from all that is unlinked; None while there is too little to learn from."""
    stored = con.execute(
        "SELECT version, settings FROM core.link_model WHERE specification = ? ORDER BY trained_at DESC LIMIT 1",
        [linking.SPECIFICATION],
    ).fetchone()
    if stored is not None and not retrain:
        return linking.Model(*map(str, stored))
    row = con.execute("SELECT count(*) FROM unlinked").fetchone()
    if row is None or row[0] < ENOUGH_ROWS:
        return None
    model = linking.train(con, "unlinked", "people_with_id", SEED)
    con.execute(
        "INSERT INTO core.link_model (version, specification, settings, trained_at, people, records) "
        "SELECT ?, ?, ?, ?, (SELECT count(*) FROM people_with_id), ?",
        [model.version, linking.SPECIFICATION, model.settings_json, dt.datetime.fromisoformat(when), row[0]],
    )
    return model


def _weigh(con: duckdb.DuckDBPyConnection, model: linking.Model | None, people: str) -> dict[str, int]:
    """Weigh ``rows_left`` against ``people`` and keep what is found."""
    row = con.execute("SELECT count(*) FROM rows_left").fetchone()
    if not row or not row[0]:
        return {"none": 0}
    counts = linking.link(con, "rows_left", people, model, "links_found")
    con.execute(
        "INSERT INTO core.link_candidate SELECT r.feed, r.record, l.person_key, l.weight, l.probability, l.rank, "
        # Who knows the head only is told of a household; a person decides whether it is this one.
        "CASE WHEN r.about_head THEN 'review' ELSE l.decision END, l.method, l.model_version "
        "FROM links_found AS l JOIN rows_left AS r USING (row_key) WHERE l.person_key IS DISTINCT FROM r.own_key"
    )
    con.execute("DROP TABLE temp.links_found")
    _former_names(con, people)
    # Nobody is lost in silence: who has no candidate is on the list all the same. A registered person is known by his number.
    con.execute(
        "INSERT INTO core.link_candidate SELECT feed, record, NULL, NULL, NULL, 0, 'review', 'none', NULL FROM rows_left AS r "
        "WHERE NOT is_numbered AND NOT EXISTS (SELECT 1 FROM core.link_candidate AS c WHERE c.feed = r.feed AND c.record = r.record)"
    )
    return {name: counts[name] for name in ("auto", "review", "none")}
