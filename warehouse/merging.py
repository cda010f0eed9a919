"""From a validated batch to the warehouse: ledger row, rejects, links and history in one transaction."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import duckdb

from connectors.errors import TerminalError
from connectors.feed import Feed
from expectations import normalise
from expectations.stage import rows_sql
from warehouse import identity, keys, sources
from warehouse.batch import Batch, utc_now
from warehouse.database import open_warehouse, require_space
from warehouse.history.merge import Delivery
from warehouse.history.merge import merge as merge_history
from warehouse.history.tables import create_tables, table

LEDGER_FIELDS = (
    "batch_id", "feed", "department", "original_name", "sha256", "size_bytes", "state", "received_at", "staged_at", "validated_at",
    "merged_at", "as_of", "as_of_source", "rows_read", "rows_landed", "rows_quarantined", "rows_skipped", "rows_inserted", "rows_ended",
    "rows_unchanged", "duplicate_of", "correction_of", "reason",
)  # fmt: skip


def _record(con: duckdb.DuckDBPyConnection, data: dict[str, Any]) -> None:
    con.execute("DELETE FROM ops.batch WHERE batch_id = ? AND feed = ?", [data["batch_id"], data["feed"]])
    values = ["original_name_safe" if name == "original_name" else name for name in LEDGER_FIELDS]
    con.execute(
        f"INSERT INTO ops.batch ({', '.join(LEDGER_FIELDS)}) VALUES ({', '.join('?' for _ in LEDGER_FIELDS)})",
        [data.get(name) for name in values],
    )


def _recorded(con: duckdb.DuckDBPyConnection) -> str:
    """The time of this load: now, but always after every earlier load, whatever the clock says."""
    last = con.execute("SELECT max(merged_at) FROM ops.batch").fetchone()
    now = dt.datetime.fromisoformat(utc_now())
    if last and last[0] is not None and last[0] >= now:
        now = last[0] + dt.timedelta(microseconds=1)
    return now.isoformat(timespec="microseconds")


def merge(home: Path, batch: Batch, feed: Feed | None, feeds: dict[str, Feed]) -> None:
    """Write ``batch`` into the warehouse once; a batch that the ledger has as merged only gets its batch.json brought up to date."""
    data = batch.data
    if batch.state == "merged":
        return
    if batch.state not in ("validated", "blocked", "duplicate"):
        raise TerminalError(f"batch {batch.reference} is {batch.state}: it must be organised first")
    require_space(home, batch.rows.stat().st_size if batch.rows.exists() else 0)
    with open_warehouse(home) as con:
        create_tables(con, feeds.values())
        if batch.state != "validated":
            con.execute("BEGIN")
            _record(con, data)
            con.execute("COMMIT")
            return
        assert feed is not None, "only a recognised file can be validated"
        done = con.execute(
            "SELECT merged_at, rows_inserted, rows_ended, rows_unchanged FROM ops.batch WHERE batch_id = ? AND feed = ? AND state = 'merged'",
            [data["batch_id"], feed.name],
        ).fetchone()
        if done is None:
            counts = _merge_rows(con, home, batch, feed)
        else:
            # Killed between commit and batch.json: the ledger knows.
            counts = dict(
                zip(
                    ("merged_at", "rows_inserted", "rows_ended", "rows_unchanged"),
                    (str(done[0]), *done[1:]),
                    strict=True,
                )
            )
    batch.save(state="merged", **counts)
    sources.remember(home, data)


def _merge_rows(con: duckdb.DuckDBPyConnection, home: Path, batch: Batch, feed: Feed) -> dict[str, Any]:
    data = batch.data
    normalise.install(con)
    identity.install(con, keys.secret("identity_key", home))
    rejects = None
    if data["rows_quarantined"]:
        # A broken row stands among the rejects without a staged row.
        con.execute(
            f"CREATE OR REPLACE TEMP VIEW refused_rows AS SELECT DISTINCT _row FROM read_parquet('{batch.rejects}')"
        )
        rejects = "refused_rows"
    con.execute(f"CREATE OR REPLACE TEMP VIEW batch_rows AS {rows_sql(batch.folder)}")
    recorded = _recorded(con)
    delivery = Delivery(
        feed=feed,
        batch_id=str(data["batch_id"]),
        rows="batch_rows",
        rejects=rejects,
        present=frozenset(data["present"]),
        as_of=str(data["as_of"]),
        recorded=recorded,
        landed=int(data["rows_landed"]),
        partial=bool(data.get("correction_of")),
    )
    con.execute("BEGIN")
    counts: dict[str, Any] = dict(merge_history(con, delivery))
    counts["merged_at"] = recorded
    _record(con, {**data, **counts, "state": "merged"})
    if rejects:
        con.execute("DELETE FROM ops.reject WHERE batch_id = ? AND feed = ?", [data["batch_id"], feed.name])
        con.execute(
            'INSERT INTO ops.reject SELECT ?, ?, _row, reason.code, reason."column", reason.rule '
            f"FROM (SELECT _row, unnest(reasons) AS reason FROM read_parquet('{batch.rejects}'))",
            [data["batch_id"], feed.name],
        )
    if feed.subject:
        # Of the rows delivered, not of those inserted: the link rate is a fact about the file.
        con.execute("DELETE FROM ops.link WHERE batch_id = ? AND feed = ?", [data["batch_id"], feed.name])
        con.execute(
            "INSERT INTO ops.link SELECT ?, ?, _method, count(*) FROM staged GROUP BY ALL",
            [data["batch_id"], feed.name],
        )
    con.execute("COMMIT")
    return counts


def content_hash(con: duckdb.DuckDBPyConnection, feeds: dict[str, Feed]) -> str:
    """Hash of what the warehouse says, whatever the order and the clock of the loads: history, rejects, identity.

    Load times are left out; whether a row is still believed is not.
    """
    parts = []
    for feed in feeds.values():
        parts.append(
            f"SELECT '{feed.name}' AS part, count(*) AS n, bit_xor(hash(t)) AS h FROM (SELECT * EXCLUDE (recorded_from, recorded_to), "
            f"recorded_to > TIMESTAMP '9000-01-01' AS believed FROM {table(feed)}) AS t"
        )
    parts.append("SELECT 'identity', count(*), bit_xor(hash(kind, value, person_key)) FROM core.identity")
    parts.append("SELECT 'reject', count(*), bit_xor(hash(t)) FROM ops.reject AS t")
    parts.append(
        "SELECT 'batch', count(*), bit_xor(hash(batch_id, feed, state, as_of, rows_landed, rows_quarantined, rows_skipped)) FROM ops.batch"
    )
    rows = con.execute(
        f"SELECT md5(string_agg(part || ':' || n || ':' || coalesce(h, 0), ';' ORDER BY part)) FROM ({' UNION ALL '.join(parts)})"
    )
    result = rows.fetchone()
    return str(result[0]) if result else ""
