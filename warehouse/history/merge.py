"""One staged batch becomes history: a single transaction together with its ledger row.

Every mode ends in the same four statements: pieces of superseded rows that stay true are written again, the superseded rows are
closed (``recorded_to``), the new rows are inserted, and adjoining equal rows of a late batch are joined. ``snapshot``: absence
ends a fact, but a row that was *quarantined* is not absent. ``upsert``: only what arrives changes. ``append``: events, once each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb

from connectors.feed import ID_TYPES, Feed
from expectations.normalise import identifier, literal
from warehouse import identity
from warehouse.history.tables import BOOKKEEPING, OPEN_DATE, OPEN_TIME, core_columns, key_columns, table

# Rows that are less than one in so many are copied before they are worked on.
FEW = 4


@dataclass(frozen=True)
class Delivery:
    """What is to be merged: ``rows`` and ``rejects`` are SQL relations (``rejects`` may be empty), ``as_of`` and ``recorded``
    ISO texts, ``landed`` the number of good rows."""

    feed: Feed
    batch_id: str
    rows: str
    rejects: str | None
    present: frozenset[str]
    as_of: str
    recorded: str
    landed: int
    partial: bool = False


def _one(con: duckdb.DuckDBPyConnection, sql: str) -> Any:
    row = con.execute(sql).fetchone()
    return row[0] if row else None


def _view(con: duckdb.DuckDBPyConnection, delivery: Delivery, good: bool) -> None:
    """Temp view ``staged``: the good rows (or the refused ones) with their subject's citizen id."""
    subject, method = identity.subject_sql(delivery.feed, set(delivery.present))
    bad = f"{'ANTI' if good else 'SEMI'} JOIN {delivery.rejects} AS bad USING (_row)" if delivery.rejects else ""
    con.execute(
        f"CREATE OR REPLACE TEMP VIEW staged AS SELECT *, {subject} AS _subject, {method} AS _method FROM {delivery.rows} AS r {bad}"
    )


def _keyed_sql(delivery: Delivery, wanted: list[str] | None = None, source: str = "staged") -> str:
    """SELECT of the staged rows with identifiers replaced by keys, columns named as in the history table.

    ``wanted`` limits the columns, and with them the joins to ``core.identity``; ``source`` may be a narrower relation than all.
    """
    feed = delivery.feed
    joins: list[str] = []
    columns: list[str] = []
    for column in core_columns(feed):
        if wanted is not None and column.name not in wanted:
            continue
        name, of = column.name, column.of
        if of.type in ID_TYPES:
            is_subject = name == "person_key"
            if of.name not in delivery.present and not is_subject:
                columns.append(f"CAST(NULL AS BIGINT) AS {identifier(name)}")
                continue
            value = "s._subject" if is_subject else f"s.{identifier(of.name)}"
            alias = f"i{len(joins)}"
            joins.append(
                f"LEFT JOIN core.identity AS {alias} ON {alias}.value = {value} AND {alias}.kind = {literal(identity.KINDS[of.type])}"
            )
            key = f"{alias}.person_key"
            if is_subject and feed.person_number:
                # A registered person without a usable id is still a person: the registry's own number stands in.
                key = f"coalesce({key}, keyed_hash('person_number:' || s.{identifier(feed.person_number)}))"
            columns.append(f"{key} AS {identifier(name)}")
        elif of.name in delivery.present:
            columns.append(f"s.{identifier(name)}")
        else:
            columns.append(f"CAST(NULL AS {column.type}) AS {identifier(name)}")
    columns += ["s._method AS link_method", "s._row", "s._hash"]
    return f"SELECT {', '.join(columns)} FROM {source} AS s {' '.join(joins)}"


def _equal(left: str, right: str, keys: list[str]) -> str:
    return " AND ".join(f"{left}.{identifier(key)} = {right}.{identifier(key)}" for key in keys)


def _insert(con: duckdb.DuckDBPyConnection, delivery: Delivery, until: str, source: str = "staged") -> None:
    """Insert staged rows as [as_of, until); ``source``: the relation of those that are new."""
    names = [column.name for column in core_columns(delivery.feed)]
    payload = ", ".join(f"k.{identifier(name)}" for name in names)
    columns = ", ".join(identifier(name) for name in names + [name for name, _ in BOOKKEEPING])
    con.execute(
        f"INSERT INTO {table(delivery.feed)} ({columns}) SELECT {payload}, k.link_method, DATE {literal(delivery.as_of)}, {until}, "
        f"TIMESTAMP {literal(delivery.recorded)}, {OPEN_TIME}, {literal(delivery.batch_id)}, k._row, k._hash "
        f"FROM ({_keyed_sql(delivery, source=source)}) AS k"
    )


def merge(con: duckdb.DuckDBPyConnection, delivery: Delivery) -> dict[str, int]:
    """Merge one batch inside the caller's transaction; returns ``rows_inserted``, ``rows_ended``, ``rows_unchanged``.

    The caller has checked the ledger: a batch that is already merged must not come here again.
    """
    feed = delivery.feed
    target, keys = table(feed), key_columns(feed)
    _view(con, delivery, good=True)
    landed = delivery.landed
    if not _one(con, f"SELECT count(*) FROM (SELECT 1 FROM {target} LIMIT 1)"):
        identity.register(con, feed, "staged", set(delivery.present), delivery.batch_id)
        _insert(con, delivery, OPEN_DATE)
        return {"rows_inserted": landed, "rows_ended": 0, "rows_unchanged": 0}

    as_of = f"DATE {literal(delivery.as_of)}"
    recorded = f"TIMESTAMP {literal(delivery.recorded)}"
    others = f"FROM ops.batch WHERE feed = {literal(feed.name)} AND state = 'merged' AND batch_id <> {literal(delivery.batch_id)}"
    later = (
        _one(con, f"SELECT min(as_of) {others} AND as_of > {as_of} AND correction_of IS NULL")
        if feed.mode == "snapshot"
        else None
    )
    until = f"DATE '{later}'" if later else OPEN_DATE
    # A batch older than, or as old as, something merged needs its pieces joined again; the ordinary one does not.
    spliced = bool(_one(con, f"SELECT count(*) {others} AND as_of >= {as_of}"))
    key_list = ", ".join(identifier(key) for key in keys)

    belief = f"recorded_to = {OPEN_TIME}"
    slice_ = "TRUE" if feed.mode == "append" else f"valid_from < {until} AND valid_to > {as_of}"
    if feed.mode == "upsert":
        slice_ = f"valid_from <= {as_of} AND valid_to > {as_of}"
    con.execute(
        f"CREATE OR REPLACE TEMP VIEW standing AS SELECT rowid AS rid, {key_list}, row_hash, valid_from, valid_to "
        f"FROM {target} WHERE {belief} AND {slice_}"
    )
    con.execute("CREATE OR REPLACE TEMP TABLE incoming AS SELECT _row, _hash FROM staged")
    _pick_fresh(con, landed)
    identity.register(con, feed, "fresh_staged", set(delivery.present), delivery.batch_id)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE fresh AS SELECT {key_list}, _row, _hash FROM ({_keyed_sql(delivery, keys, 'fresh_staged')})"
    )
    if feed.mode == "snapshot" and not delivery.partial:
        con.execute(
            "CREATE OR REPLACE TEMP TABLE gone AS SELECT s.* FROM standing AS s ANTI JOIN incoming AS i ON s.row_hash = i._hash"
        )
        _spare_quarantined(con, delivery, keys)
    else:
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE gone AS SELECT s.* FROM standing AS s SEMI JOIN fresh AS i ON {_equal('s', 'i', keys)}"
        )
    ended = int(_one(con, "SELECT count(*) FROM gone"))

    if feed.mode == "append":
        # A corrected event keeps the day from which it was known.
        first = f"coalesce((SELECT min(g.valid_from) FROM gone AS g WHERE {_equal('g', 'k', keys)}), {as_of})"
        until_sql = OPEN_DATE
    else:
        first = as_of
        until_sql = (
            until
            if feed.mode == "snapshot"
            else (
                f"coalesce((SELECT min(g.valid_to) FROM gone AS g WHERE {_equal('g', 'k', keys)}), "
                f"(SELECT min(t.valid_from) FROM {target} AS t WHERE {_equal('t', 'k', keys)} AND t.{belief} AND t.valid_from > {as_of}), {OPEN_DATE})"
            )
        )
    if ended:
        pieces = f"SELECT t.* REPLACE ({{0}}, {recorded} AS recorded_from) FROM {target} AS t SEMI JOIN gone AS g ON t.rowid = g.rid WHERE {{1}}"
        if feed.mode != "append":
            con.execute(f"INSERT INTO {target} {pieces.format(f'{as_of} AS valid_to', f't.valid_from < {as_of}')}")
        if feed.mode == "snapshot" and later:
            con.execute(f"INSERT INTO {target} {pieces.format(f'{until} AS valid_from', f't.valid_to > {until}')}")
        con.execute(f"UPDATE {target} SET recorded_to = {recorded} WHERE rowid IN (SELECT rid FROM gone)")
    inserted = int(_one(con, "SELECT count(*) FROM fresh"))
    if inserted:
        _insert(con, delivery, until_sql, "fresh_staged")
        if feed.mode == "append" and ended:
            con.execute(
                f"UPDATE {target} AS k SET valid_from = {first} WHERE k.batch_id = {literal(delivery.batch_id)} AND k.recorded_from = {recorded}"
            )
    if spliced and feed.mode != "append":
        _join_equal_neighbours(con, delivery, keys, recorded)
    return {"rows_inserted": inserted, "rows_ended": ended, "rows_unchanged": landed - inserted}


def _pick_fresh(con: duckdb.DuckDBPyConnection, landed: int) -> None:
    """Temp relation ``fresh_staged``: the staged rows that are not in ``standing`` as they are.

    A row's hash covers its key, so the hash alone tells; 99 of 100 rows of a monthly file need no look at their identifiers.
    """
    con.execute(
        "CREATE OR REPLACE TEMP TABLE fresh_rows AS SELECT _row FROM incoming AS i ANTI JOIN standing AS s ON s.row_hash = i._hash"
    )
    rows = "SELECT * FROM staged SEMI JOIN fresh_rows USING (_row)"
    con.execute("DROP VIEW IF EXISTS temp.fresh_staged; DROP TABLE IF EXISTS temp.fresh_staged_rows")
    # Few rows are picked once; many would only be written twice.
    if int(_one(con, "SELECT count(*) FROM fresh_rows")) * FEW < landed:
        con.execute(f"CREATE TEMP TABLE fresh_staged_rows AS {rows}")
        rows = "FROM fresh_staged_rows"
    con.execute(f"CREATE TEMP VIEW fresh_staged AS {rows}")


def _spare_quarantined(con: duckdb.DuckDBPyConnection, delivery: Delivery, keys: list[str]) -> None:
    """Take rows off ``gone`` that a quarantined row of this file may speak of: refused is not absent.

    A quarantined row with a readable key spares that key; one without spares whoever bears its name.
    """
    if not delivery.rejects:
        return
    feed = delivery.feed
    _view(con, delivery, good=False)
    # Rows stay joined by key only; identifiers of refused rows get no place in core.identity.
    con.execute(f"CREATE OR REPLACE TEMP TABLE refused AS SELECT * FROM ({_keyed_sql(delivery)})")
    con.execute(f"DELETE FROM gone USING refused AS r WHERE {_equal('gone', 'r', keys)}")
    names = [column.name for column in feed.columns if column.type == "name" and column.name in delivery.present]
    if names:
        name = identifier(names[0])
        keyless = " OR ".join(f"{identifier(key)} IS NULL" for key in keys)
        con.execute(
            f"DELETE FROM gone WHERE rid IN (SELECT t.rowid FROM {table(feed)} AS t "
            f"WHERE t.{name} IN (SELECT {name} FROM refused WHERE ({keyless}) AND {name} IS NOT NULL))"
        )
    _view(con, delivery, good=True)


def _join_equal_neighbours(con: duckdb.DuckDBPyConnection, delivery: Delivery, keys: list[str], recorded: str) -> None:
    """Join believed rows of one key that adjoin with equal content, among the keys that this batch touched."""
    target = table(delivery.feed)
    key_list = ", ".join(f"t.{identifier(key)}" for key in keys)
    window = f"PARTITION BY {key_list} ORDER BY t.valid_from"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE neighbours AS WITH touched AS ("
        f"  SELECT t.rowid AS rid, {key_list}, t.valid_from, t.valid_to, t.row_hash, t.recorded_from, "
        f"  CASE WHEN lag(t.valid_to) OVER ({window}) = t.valid_from AND lag(t.row_hash) OVER ({window}) = t.row_hash THEN 0 ELSE 1 END AS starts "
        f"  FROM {target} AS t WHERE t.recorded_to = {OPEN_TIME} AND EXISTS ("
        f"    SELECT 1 FROM {target} AS n WHERE n.recorded_from = {recorded} AND {_equal('n', 't', keys)})"
        f"), islands AS (SELECT *, sum(starts) OVER (PARTITION BY {key_list.replace('t.', '')} ORDER BY valid_from) AS island FROM touched) "
        f"SELECT rid, first_value(rid) OVER island_window AS first_rid, max(valid_to) OVER island_window AS last_to, "
        f"count(*) OVER island_window AS size, recorded_from FROM islands "
        f"WINDOW island_window AS (PARTITION BY {key_list.replace('t.', '')}, island ORDER BY valid_from "
        f"ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)"
    )
    con.execute("DELETE FROM neighbours WHERE size = 1")
    con.execute(
        f"INSERT INTO {target} SELECT t.* REPLACE (n.last_to AS valid_to, {recorded} AS recorded_from) "
        f"FROM {target} AS t JOIN neighbours AS n ON t.rowid = n.rid WHERE n.rid = n.first_rid"
    )
    # Pieces written by this very load were never believed; older ones stay as what was known before.
    con.execute(f"DELETE FROM {target} WHERE rowid IN (SELECT rid FROM neighbours WHERE recorded_from = {recorded})")
    con.execute(
        f"UPDATE {target} SET recorded_to = {recorded} WHERE rowid IN (SELECT rid FROM neighbours WHERE recorded_from <> {recorded})"
    )
