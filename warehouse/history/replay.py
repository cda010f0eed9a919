"""History where a delivery comes late, comes again, or is taken back: the deliveries around it are played once more.

What was believed just before the delivery's as-of date stands whatever comes (``base``); from there on every delivery speaks in its
order, until the next full one, from which on what is believed stands again (``after``). The belief of the keys concerned is compared
with the outcome: what is the same stays, the rest is closed and written anew. A function of the set of deliveries, not of their order.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from connectors.feed import Feed
from connectors.quoting import identifier, literal
from warehouse.database import scalar
from warehouse.history.deliveries import (
    AREA_DIGITS,
    FULL,
    ROWS,
    Delivery,
    equal_keys,
    insert_rows,
    keyed_sql,
    spare,
    staged_sql,
)
from warehouse.history.tables import OPEN_DATE, OPEN_TIME, key_columns, name_column, table

BASE, AFTER = -1, 1_000_000_000


def replay(
    con: duckdb.DuckDBPyConnection,
    touched: Delivery,
    deliveries: Sequence[Delivery],
    recorded: str,
    withdrawn: bool = False,
) -> dict[str, int]:
    """Bring the belief about ``touched``'s keys up to date; returns ``rows_inserted`` (of ``touched``), ``rows_ended``.

    ``deliveries``: those of the feed that count, ``touched`` among them unless it is taken back; older ones matter for events only.
    Works inside the caller's transaction.
    """
    feed = touched.feed
    until = None
    if feed.mode == "snapshot" and not withdrawn:
        # One with refused rows may be silent about somebody, so that what comes before it reaches beyond it.
        full = [
            one.as_of
            for one in deliveries
            if one.coverage == FULL and one.as_of > touched.as_of and one.rejects is None
        ]
        until = min(full, default=None)
    window = sorted(
        (
            one
            for one in deliveries
            if one.as_of < (until or "9999") and (one.as_of >= touched.as_of or feed.mode == "append")
        ),
        key=lambda one: one.order,
    )
    _observe(con, touched, window)
    if feed.mode == "append":
        _last_word(con, feed)
    else:
        _stand(con, touched, until)
        _vanish(con, feed, window)
        _spans(con, feed, until)
    return _apply(con, touched, window, recorded, withdrawn)


def _keys(feed: Feed, of: str = "") -> str:
    return ", ".join(f"{of}{identifier(key)}" for key in key_columns(feed))


def _clues(feed: Feed, of: str) -> str:
    """SQL of the two columns that tell whom an absence concerns: the name, and the area (NULL where the feed has none)."""
    name, area = name_column(feed), feed.partial_by
    return ", ".join((
        f"{of}{identifier(name)}" if name else "CAST(NULL AS VARCHAR)",
        f"left({of}{identifier(area)}, {AREA_DIGITS})" if area else "CAST(NULL AS VARCHAR)",
    ))  # fmt: skip


def _observe(con: duckdb.DuckDBPyConnection, touched: Delivery, window: Sequence[Delivery]) -> None:
    """Temp tables ``concerned`` (keys) and ``said`` (one row per key and delivery that has a row for it)."""
    feed = touched.feed
    wanted = [*key_columns(feed), str(name_column(feed)), str(feed.partial_by)]
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE said AS SELECT {_keys(feed)}, 0 AS place, DATE '0001-01-01' AS as_of, 0::BIGINT AS src, "
        f"row_hash AS hash, FALSE AS gone, NULL::VARCHAR AS name, NULL::VARCHAR AS area FROM {table(feed)} LIMIT 0"
    )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE concerned AS SELECT DISTINCT {_keys(feed)} "
        f"FROM ({keyed_sql(touched, f'({staged_sql(touched)})', wanted)})"
    )
    only = f"SEMI JOIN concerned AS c ON {equal_keys('k', 'c', feed)}" if touched.coverage == ROWS else ""
    for place, one in enumerate(window):
        con.execute(
            f"INSERT INTO said SELECT {_keys(feed, 'k.')}, {place}, {one.as_of_sql}, k._row, k._hash, FALSE, {_clues(feed, 'k.')} "
            f"FROM ({keyed_sql(one, f'({staged_sql(one)})', wanted)}) AS k {only}"
        )


def _last_word(con: duckdb.DuckDBPyConnection, feed: Feed) -> None:
    """``spans`` of events: known since the first delivery that tells of it, as the last one tells it."""
    keys = _keys(feed)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE spans AS WITH runs AS (SELECT *, min(as_of) OVER (PARTITION BY {keys}) AS first, "
        f"lag(hash) OVER told AS last_hash FROM said WINDOW told AS (PARTITION BY {keys} ORDER BY place)), "
        # The first row of the last run of equal content.
        f"turns AS (SELECT * FROM runs WHERE last_hash IS DISTINCT FROM hash) "
        f"SELECT {keys}, place, src, hash, first AS valid_from, {OPEN_DATE} AS valid_to FROM turns "
        f"QUALIFY row_number() OVER (PARTITION BY {keys} ORDER BY place DESC) = 1"
    )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE nearby AS SELECT t.rowid AS rid, {_keys(feed, 't.')}, t.valid_from, t.valid_to, t.row_hash, t.batch_id "
        f"FROM {table(feed)} AS t SEMI JOIN concerned AS c ON {equal_keys('t', 'c', feed)} WHERE t.recorded_to = {OPEN_TIME}"
    )


def _stand(con: duckdb.DuckDBPyConnection, touched: Delivery, until: str | None) -> None:
    """Add what stands before and after the window to ``said``; ``nearby``: the believed rows that may have to change."""
    feed, start = touched.feed, touched.as_of_sql
    end = f"DATE {literal(until)}" if until else OPEN_DATE
    # A row may end exactly where the window begins, and go on from where it ends.
    near = f"t.recorded_to = {OPEN_TIME} AND t.valid_to >= {start} AND t.valid_from <= {end}"
    if touched.coverage != ROWS:
        keys = _keys(feed)
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE concerned AS SELECT {keys} FROM concerned UNION SELECT {keys} FROM said "
            f"UNION SELECT {_keys(feed, 't.')} FROM {table(feed)} AS t WHERE {near}"
        )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE nearby AS SELECT t.rowid AS rid, {_keys(feed, 't.')}, t.valid_from, t.valid_to, t.row_hash, t.batch_id "
        f"FROM {table(feed)} AS t SEMI JOIN concerned AS c ON {equal_keys('t', 'c', feed)} WHERE {near}"
    )
    said = (
        f"INSERT INTO said SELECT {_keys(feed, 's.')}, {{place}}, {{as_of}}, s.rid, s.row_hash, FALSE, {_clues(feed, 't.')} "
        f"FROM nearby AS s JOIN {table(feed)} AS t ON t.rowid = s.rid WHERE {{where}}"
    )
    con.execute(said.format(place=BASE, as_of="s.valid_from", where=f"s.valid_from < {start}"))
    if until:
        con.execute(said.format(place=AFTER, as_of=end, where=f"s.valid_from <= {end} AND s.valid_to > {end}"))


def _vanish(con: duckdb.DuckDBPyConnection, feed: Feed, window: Sequence[Delivery]) -> None:
    """Add to ``said`` who is absent from a delivery that would have had to name him."""
    keys = _keys(feed)
    con.execute("CREATE OR REPLACE TEMP TABLE nameless (place INTEGER, name VARCHAR)")
    con.execute("CREATE OR REPLACE TEMP TABLE areas (place INTEGER, area VARCHAR)")
    told = False
    for place, one in enumerate(window):
        if one.coverage == ROWS:
            continue
        spared = ""
        if one.coverage != FULL:
            con.execute("INSERT INTO areas VALUES (?, ?)", [place, one.coverage])
            told = True
        if one.rejects:
            spare(con, one)
            spared = f"ANTI JOIN spared_keys AS r ON {equal_keys('c', 'r', feed)}"
            con.execute(f"INSERT INTO nameless SELECT {place}, name FROM spared_names")
            told = True
        con.execute(
            f"INSERT INTO said SELECT {_keys(feed, 'c.')}, {place}, {one.as_of_sql}, 0, NULL, TRUE, NULL, NULL FROM concerned AS c "
            f"ANTI JOIN (SELECT {keys} FROM said WHERE place = {place} AND NOT gone) AS s ON {equal_keys('c', 's', feed)} {spared}"
        )
    if told:
        last = f"OVER (PARTITION BY {keys} ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE said AS SELECT s.* EXCLUDE (last_name, last_area) FROM (SELECT *, "
            f"last_value(name IGNORE NULLS) {last} AS last_name, last_value(area IGNORE NULLS) {last} AS last_area FROM said) AS s "
            f"LEFT JOIN areas AS a ON a.place = s.place LEFT JOIN nameless AS n ON n.place = s.place AND n.name = s.last_name "
            # A refused row without a readable key spares whoever bears its name; an area's file speaks of nobody elsewhere.
            f"WHERE NOT s.gone OR (n.name IS NULL AND (a.area IS NULL OR a.area = s.last_area))"
        )


def _spans(con: duckdb.DuckDBPyConnection, feed: Feed, until: str | None) -> None:
    """``spans``: what is to be believed, equal neighbours joined; ``place`` and ``src`` say where the content is found."""
    keys = _keys(feed)
    end = f"DATE {literal(until)}" if until else OPEN_DATE
    order = f"(PARTITION BY {keys} ORDER BY place)"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE spans AS WITH spoken AS (SELECT *, coalesce(lead(as_of) OVER {order}, {end}) AS ends FROM said), "
        f"told AS (SELECT s.* EXCLUDE (ends), CASE WHEN place = {AFTER} THEN t.valid_to ELSE ends END AS ends FROM spoken AS s "
        # One equation: with a second condition on one side only DuckDB compares every pair.
        f"  LEFT JOIN nearby AS t ON t.rid = CASE WHEN s.place = {AFTER} THEN s.src END), "
        f"lasting AS (SELECT * FROM told WHERE NOT gone AND as_of < ends), "
        f"marked AS (SELECT *, CASE WHEN lag(ends) OVER {order} = as_of AND lag(hash) OVER {order} = hash THEN 0 ELSE 1 END AS starts FROM lasting), "
        f"islands AS (SELECT *, sum(starts) OVER {order} AS island FROM marked) "
        f"SELECT {keys}, arg_min(place, place) AS place, arg_min(src, place) AS src, any_value(hash) AS hash, min(as_of) AS valid_from, "
        f"max(ends) AS valid_to FROM islands GROUP BY {keys}, island"
    )


def _apply(
    con: duckdb.DuckDBPyConnection, touched: Delivery, window: Sequence[Delivery], recorded: str, withdrawn: bool
) -> dict[str, int]:
    """Make ``nearby`` what ``spans`` says. What names a withdrawn batch as its source is written anew, even if it stays true."""
    feed = touched.feed
    target = table(feed)
    stays = f"{equal_keys('a', 'b', feed)} AND a.valid_from = b.valid_from AND a.valid_to = b.valid_to"
    kept = (
        f"SELECT * FROM nearby WHERE batch_id <> {literal(touched.batch_id)}" if withdrawn else "SELECT * FROM nearby"
    )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE fresh AS SELECT a.* FROM spans AS a ANTI JOIN ({kept}) AS b ON {stays} AND a.hash = b.row_hash"
    )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE ended AS SELECT b.rid FROM nearby AS b ANTI JOIN spans AS a ON {stays} AND a.hash = b.row_hash"
        + (f" UNION SELECT rid FROM nearby WHERE batch_id = {literal(touched.batch_id)}" if withdrawn else "")
    )
    places = {place for (place,) in con.execute("SELECT DISTINCT place FROM fresh").fetchall()}
    if places & {BASE, AFTER}:
        con.execute(
            f"INSERT INTO {target} SELECT t.* REPLACE (f.valid_from AS valid_from, f.valid_to AS valid_to, TIMESTAMP {literal(recorded)} AS recorded_from) "
            f"FROM {target} AS t JOIN fresh AS f ON t.rowid = f.src AND f.place IN ({BASE}, {AFTER})"
        )
    con.execute(
        f"UPDATE {target} SET recorded_to = TIMESTAMP {literal(recorded)} WHERE rowid IN (SELECT rid FROM ended)"
    )
    inserted = 0
    for place in sorted(places - {BASE, AFTER}):
        one = window[place]
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE found AS SELECT src AS _row, valid_from, valid_to FROM fresh WHERE place = {place}"
        )
        source = f"(SELECT * FROM ({staged_sql(one)}) SEMI JOIN found USING (_row))"
        insert_rows(con, one, source, "f.valid_from", "f.valid_to", recorded, "JOIN found AS f ON f._row = k._row")
        if one.batch_id == touched.batch_id:
            inserted = int(scalar(con, "SELECT count(*) FROM found"))
    return {"rows_inserted": inserted, "rows_ended": int(scalar(con, "SELECT count(*) FROM ended"))}
