"""One staged batch becomes history: a single transaction together with its ledger row.

The ordinary delivery is the newest of its feed: what it supersedes is cut off at its as-of date, closed (``recorded_to``) and written
again as far as it stays true, and the new rows are inserted. ``snapshot``: absence ends a fact, but a row that was *quarantined* is not
absent. ``upsert``: only what arrives changes. ``append``: events, once each. Any other delivery is :mod:`warehouse.history.replay`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import duckdb

from expectations.normalise import identifier, literal
from warehouse import identity
from warehouse.history.deliveries import (
    AREA_DIGITS,
    FULL,
    ROWS,
    Delivery,
    equal_keys,
    insert_rows,
    keyed_sql,
    staged_sql,
)
from warehouse.history.replay import replay
from warehouse.history.tables import OPEN_DATE, OPEN_TIME, key_columns, name_column, table

# Rows that are less than one in so many are copied before they are worked on.
FEW = 4


def _one(con: duckdb.DuckDBPyConnection, sql: str) -> Any:
    row = con.execute(sql).fetchone()
    return row[0] if row else None


def merge(
    con: duckdb.DuckDBPyConnection,
    delivery: Delivery,
    recorded: str,
    landed: int,
    others: Callable[[], Sequence[Delivery]],
) -> dict[str, int]:
    """Merge one batch inside the caller's transaction; returns ``rows_inserted``, ``rows_ended``, ``rows_unchanged``.

    ``recorded``: the load's time, ISO; ``landed``: the number of good rows; ``others``: the feed's other merged deliveries, asked for
    only when this one is not the newest. The caller has checked the ledger: a merged batch must not come here again.
    """
    feed = delivery.feed
    con.execute(f"CREATE OR REPLACE TEMP VIEW staged AS {staged_sql(delivery)}")
    newest = _one(
        con,
        f"SELECT max(as_of) < {delivery.as_of_sql} FROM ops.batch WHERE feed = {literal(feed.name)} AND state = 'merged' "
        f"AND batch_id <> {literal(delivery.batch_id)}",
    )
    if newest is None and not _one(con, f"SELECT count(*) FROM (SELECT 1 FROM {table(feed)} LIMIT 1)"):
        identity.register(con, feed, "staged", set(delivery.present), delivery.batch_id)
        insert_rows(con, delivery, "staged", delivery.as_of_sql, OPEN_DATE, recorded)
        return {"rows_inserted": landed, "rows_ended": 0, "rows_unchanged": 0}
    if newest is False:
        identity.register(con, feed, "staged", set(delivery.present), delivery.batch_id)
        counts = replay(con, delivery, [*others(), delivery], recorded)
    else:
        counts = _merge_newest(con, delivery, recorded, landed)
    return {**counts, "rows_unchanged": landed - counts["rows_inserted"]}


def _merge_newest(con: duckdb.DuckDBPyConnection, delivery: Delivery, recorded: str, landed: int) -> dict[str, int]:
    feed, as_of = delivery.feed, delivery.as_of_sql
    target, keys = table(feed), key_columns(feed)
    key_list = ", ".join(identifier(key) for key in keys)
    con.execute(
        f"CREATE OR REPLACE TEMP VIEW standing AS SELECT rowid AS rid, {key_list}, row_hash, valid_from, valid_to "
        f"FROM {target} WHERE recorded_to = {OPEN_TIME} AND valid_to = {OPEN_DATE}"
    )
    con.execute("CREATE OR REPLACE TEMP TABLE incoming AS SELECT _row, _hash FROM staged")
    _pick_fresh(con, landed)
    identity.register(con, feed, "fresh_staged", set(delivery.present), delivery.batch_id)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE fresh AS SELECT {key_list}, _row, _hash FROM ({keyed_sql(delivery, 'fresh_staged', keys)})"
    )
    if delivery.coverage == ROWS:
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE gone AS SELECT s.* FROM standing AS s SEMI JOIN fresh AS i ON {equal_keys('s', 'i', feed)}"
        )
    else:
        con.execute(
            "CREATE OR REPLACE TEMP TABLE gone AS SELECT s.* FROM standing AS s ANTI JOIN incoming AS i ON s.row_hash = i._hash"
        )
        _spare(con, delivery)
    ended = int(_one(con, "SELECT count(*) FROM gone"))
    begins = as_of
    if ended and feed.mode == "append":
        # A corrected event keeps the day from which it was known.
        begins = f"coalesce((SELECT min(g.valid_from) FROM gone AS g WHERE {equal_keys('g', 'k', feed)}), {as_of})"
    elif ended:
        con.execute(
            f"INSERT INTO {target} SELECT t.* REPLACE ({as_of} AS valid_to, TIMESTAMP {literal(recorded)} AS recorded_from) "
            f"FROM {target} AS t SEMI JOIN gone AS g ON t.rowid = g.rid"
        )
    if ended:
        con.execute(
            f"UPDATE {target} SET recorded_to = TIMESTAMP {literal(recorded)} WHERE rowid IN (SELECT rid FROM gone)"
        )
    inserted = int(_one(con, "SELECT count(*) FROM fresh"))
    if inserted:
        insert_rows(con, delivery, "fresh_staged", begins, OPEN_DATE, recorded)
    return {"rows_inserted": inserted, "rows_ended": ended}


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


def _spare(con: duckdb.DuckDBPyConnection, delivery: Delivery) -> None:
    """Take rows off ``gone`` of which this file does not speak: another area's, or those that a quarantined row may be about.

    A quarantined row with a readable key spares that key; one without spares whoever bears its name.
    """
    feed = delivery.feed
    if delivery.coverage != FULL:
        con.execute(
            f"DELETE FROM gone WHERE rid IN (SELECT rowid FROM {table(feed)} AS t WHERE left(t.{identifier(str(feed.partial_by))}, "
            f"{AREA_DIGITS}) IS DISTINCT FROM {literal(delivery.coverage)}) "
            f"AND NOT EXISTS (SELECT 1 FROM fresh AS f WHERE {equal_keys('f', 'gone', feed)})"
        )
    if not delivery.rejects:
        return
    # Identifiers of refused rows get no place in core.identity.
    refused = keyed_sql(delivery, f"({staged_sql(delivery, good=False)})")
    con.execute(f"CREATE OR REPLACE TEMP TABLE refused AS {refused}")
    con.execute(f"DELETE FROM gone USING refused AS r WHERE {equal_keys('gone', 'r', feed)}")
    if name := name_column(feed):
        keyless = " OR ".join(f"{identifier(key)} IS NULL" for key in key_columns(feed))
        con.execute(
            f"DELETE FROM gone WHERE rid IN (SELECT t.rowid FROM {table(feed)} AS t WHERE t.{identifier(name)} IN "
            f"(SELECT {identifier(name)} FROM refused WHERE ({keyless}) AND {identifier(name)} IS NOT NULL))"
        )
