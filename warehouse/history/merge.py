"""One staged batch becomes history: a single transaction together with its ledger row.

The ordinary delivery is the newest of its feed: what it supersedes is cut off at its as-of date, closed (``recorded_to``) and written
again as far as it stays true, and the new rows are inserted. ``snapshot``: absence ends a fact, but a row that was *quarantined* is not
absent. ``upsert``: only what arrives changes. ``append``: events, once each. Any other delivery is :mod:`warehouse.history.replay`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import duckdb

from connectors.feed import ID_TYPES, Feed
from connectors.quoting import identifier, literal
from warehouse import identity
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
from warehouse.history.replay import replay
from warehouse.history.tables import OPEN_DATE, OPEN_TIME, key_columns, name_column, table

# Rows that are less than one in so many are copied before they are worked on.
FEW = 4
# A delivery of fewer rows looks for its keys; a larger one, that may be a whole list sent again, compares hashes first.
SMALL = 100_000


def merge(
    con: duckdb.DuckDBPyConnection,
    delivery: Delivery,
    recorded: str,
    landed: int,
    others: Callable[[], Sequence[Delivery]],
) -> dict[str, int]:
    """Merge one batch inside the caller's transaction; returns ``rows_inserted``, ``rows_ended``, ``rows_unchanged``.

    Writes into ``ops.link`` by which tier how many of the delivered rows found their people.

    ``recorded``: the load's time, ISO; ``landed``: the number of good rows; ``others``: the feed's other merged deliveries, asked for
    only when this one is not the newest. The caller has checked the ledger: a merged batch must not come here again.
    """
    feed = delivery.feed
    staged = f"({staged_sql(delivery)})"
    newest = scalar(
        con,
        f"SELECT max(as_of) < {delivery.as_of_sql} FROM ops.batch WHERE feed = {literal(feed.name)} AND state = 'merged' "
        f"AND batch_id <> {literal(delivery.batch_id)}",
    )
    if newest is None and not scalar(con, f"SELECT count(*) FROM (SELECT 1 FROM {table(feed)} LIMIT 1)"):
        identity.register(con, feed, staged, set(delivery.present), delivery.batch_id)
        insert_rows(con, delivery, staged, delivery.as_of_sql, OPEN_DATE, recorded)
        _keep_methods(con, delivery, f"(SELECT link_method AS _method FROM {table(feed)})")
        return {"rows_inserted": landed, "rows_ended": 0, "rows_unchanged": 0}
    if newest is False:
        identity.register(con, feed, staged, set(delivery.present), delivery.batch_id)
        counts = replay(con, delivery, [*others(), delivery], recorded)
        _keep_methods(con, delivery, staged)
    else:
        counts = _merge_newest(con, delivery, recorded, landed)
    return {**counts, "rows_unchanged": landed - counts["rows_inserted"]}


def _keep_methods(con: duckdb.DuckDBPyConnection, delivery: Delivery, source: str) -> None:
    # Of the rows delivered, not of those inserted: the link rate is a fact about the file.
    if delivery.feed.subject:
        con.execute(
            f"INSERT INTO ops.link SELECT {literal(delivery.batch_id)}, {literal(delivery.feed.name)}, _method, count(*) FROM {source} GROUP BY ALL"
        )


def _merge_newest(con: duckdb.DuckDBPyConnection, delivery: Delivery, recorded: str, landed: int) -> dict[str, int]:
    feed, as_of = delivery.feed, delivery.as_of_sql
    target = table(feed)
    find = _meet if delivery.coverage == ROWS and landed < SMALL else _compare
    fresh, people = find(con, delivery, landed)
    begins = as_of
    if feed.mode != "append":
        con.execute(
            f"INSERT INTO {target} SELECT t.* REPLACE ({as_of} AS valid_to, TIMESTAMP {literal(recorded)} AS recorded_from) "
            # A join finds the places of a few rows in half the time of a semi-join.
            f"FROM gone AS g JOIN {target} AS t ON t.rowid = g.rid"
        )
    ended = int(
        scalar(
            con,
            f"UPDATE {target} SET recorded_to = TIMESTAMP {literal(recorded)} WHERE rowid IN (SELECT rid FROM gone)",
        )
    )
    if ended and feed.mode == "append":
        # A corrected event keeps the day from which it was known.
        begins = f"coalesce((SELECT min(g.valid_from) FROM gone AS g WHERE {equal_keys('g', 'k', feed)}), {as_of})"
    inserted = insert_rows(con, delivery, fresh, begins, OPEN_DATE, recorded, people=people)
    return {"rows_inserted": inserted, "rows_ended": ended}


def _keys(feed: Feed, of: str = "") -> str:
    return ", ".join(f"{of}{identifier(key)}" for key in key_columns(feed))


def _standing(feed: Feed) -> str:
    return (
        f"(SELECT rowid AS rid, {_keys(feed)}, row_hash, valid_from "
        f"FROM {table(feed)} WHERE recorded_to = {OPEN_TIME} AND valid_to = {OPEN_DATE})"
    )


def _meet(con: duckdb.DuckDBPyConnection, delivery: Delivery, landed: int) -> tuple[str, str]:
    """The relation of the rows that say something new, the one in which identifiers are found, and the temp table ``gone`` (rid, keys, valid_from) of
    what they supersede; of a few rows: they look for the standing rows of their keys.
    """
    feed = delivery.feed
    # Of a row only what finds people and keys is written down; the rest is read when it is known to be new.
    wanted = {column.name for column in feed.columns if column.type in ID_TYPES} | {*feed.key, str(feed.person_number)}
    looked_at = ", ".join(identifier(name) for name in sorted(wanted & delivery.present))
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE incoming AS SELECT _row, _hash, _subject, _method, {looked_at} FROM ({staged_sql(delivery)})"
    )
    _keep_methods(con, delivery, "incoming")
    people = identity.register(con, feed, "incoming", set(delivery.present), delivery.batch_id, few=True)
    # Of the large table no other columns are read than these.
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE met AS SELECT s.rid, {_keys(feed, 's.')}, s.valid_from, s.row_hash = i._hash AS is_same, i._row "
        f"FROM {_standing(feed)} AS s JOIN ({keyed_sql(delivery, 'incoming', key_columns(feed), people)}) AS i ON {equal_keys('s', 'i', feed)}"
    )
    unlike = "ANTI JOIN (FROM met WHERE is_same) AS m USING (_row)"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE gone AS SELECT DISTINCT rid, {_keys(feed)}, valid_from FROM met {unlike}"
    )
    fresh = (
        f"(SELECT r.*, n._subject, n._method FROM {delivery.rows} AS r JOIN (FROM incoming {unlike}) AS n USING (_row))"
    )
    return fresh, people


def _compare(con: duckdb.DuckDBPyConnection, delivery: Delivery, landed: int) -> tuple[str, str]:
    """The same of many rows, by their hashes: one covers the key too, so 99 of 100 rows of a monthly file need no look at their
    identifiers. Standing rows that no staged row is like are found on the way if the delivery speaks of more than its rows.
    """
    feed = delivery.feed
    con.execute(f"CREATE OR REPLACE TEMP TABLE incoming AS SELECT _row, _hash, _method FROM ({staged_sql(delivery)})")
    _keep_methods(con, delivery, "incoming")
    differing = (
        f"SELECT _row, NULL::BIGINT AS rid FROM incoming AS i ANTI JOIN {_standing(feed)} AS s ON s.row_hash = i._hash"
    )
    if delivery.coverage != ROWS:
        differing = (
            f"SELECT _row, rid FROM incoming AS i FULL JOIN {_standing(feed)} AS s ON s.row_hash = i._hash "
            "WHERE _row IS NULL OR rid IS NULL"
        )
    con.execute(f"CREATE OR REPLACE TEMP TABLE differing AS {differing}")
    fresh = f"(SELECT s.* FROM ({staged_sql(delivery)}) AS s JOIN (SELECT _row FROM differing WHERE _row IS NOT NULL) AS d USING (_row))"
    # Few rows are picked once; many would only be written twice.
    few = int(scalar(con, "SELECT count(_row) FROM differing")) * FEW < landed
    if few:
        con.execute(f"CREATE OR REPLACE TEMP TABLE picked AS FROM {fresh}")
        fresh = "picked"
    people = identity.register(con, feed, fresh, set(delivery.present), delivery.batch_id, few=few)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE fresh AS SELECT {_keys(feed)}, _row, _hash "
        f"FROM ({keyed_sql(delivery, fresh, key_columns(feed), people)})"
    )
    if delivery.coverage != ROWS:
        _find_absent(con, delivery)
        return fresh, people
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE gone AS SELECT s.rid, {_keys(feed, 's.')}, s.valid_from "
        f"FROM {_standing(feed)} AS s SEMI JOIN fresh AS i ON {equal_keys('s', 'i', feed)}"
    )
    return fresh, people


def _find_absent(con: duckdb.DuckDBPyConnection, delivery: Delivery) -> None:
    """Temp table ``gone`` (rid): the standing rows that differ, but for those of which this file does not speak: another area's, or
    those that a refused row may be about.
    """
    feed, name = delivery.feed, name_column(delivery.feed)
    con.execute("CREATE OR REPLACE TEMP TABLE gone AS SELECT rid FROM differing WHERE rid IS NOT NULL")
    if delivery.coverage == FULL and not delivery.rejects:
        return
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE gone AS SELECT rid, {_keys(feed)} FROM {_standing(feed)} SEMI JOIN gone USING (rid)"
    )
    if delivery.coverage != FULL:
        con.execute(
            f"DELETE FROM gone WHERE rid IN (SELECT rowid FROM {table(feed)} AS t WHERE left(t.{identifier(str(feed.partial_by))}, "
            f"{AREA_DIGITS}) IS DISTINCT FROM {literal(delivery.coverage)}) "
            f"AND NOT EXISTS (SELECT 1 FROM fresh AS f WHERE {equal_keys('f', 'gone', feed)})"
        )
    if delivery.rejects:
        spare(con, delivery)
        # What a good row of the file says anew is no longer so, whatever a refused one beside it meant.
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE replaced AS SELECT rid FROM gone SEMI JOIN fresh AS f ON {equal_keys('gone', 'f', feed)}"
        )
        stays = "rid NOT IN (SELECT rid FROM replaced)"
        con.execute(f"DELETE FROM gone USING spared_keys AS r WHERE {equal_keys('gone', 'r', feed)} AND {stays}")
        if name:
            con.execute(
                f"DELETE FROM gone WHERE rid IN (SELECT t.rowid FROM {table(feed)} AS t SEMI JOIN spared_names AS n "
                f"ON n.name = t.{identifier(name)}) AND {stays}"
            )
