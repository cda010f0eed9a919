"""From a validated batch to the warehouse: ledger row, rejects, links and history in one transaction."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import duckdb

from connectors.errors import TerminalError
from connectors.feed import Feed
from expectations.parquet import parquet_sql
from expectations.stage import rows_sql
from warehouse import audit, identity, keys, refusals, sources
from warehouse.batch import Batch, utc_now
from warehouse.database import open_for_merge, require_space
from warehouse.history.deliveries import Delivery, coverage_of
from warehouse.history.merge import merge as merge_history
from warehouse.history.schema import ensure
from warehouse.history.tables import table
from warehouse.recording import keep_fill, keep_rejects

LEDGER_FIELDS = (
    "batch_id", "feed", "department", "original_name", "sha256", "size_bytes", "state", "received_at", "staged_at", "validated_at",
    "merged_at", "as_of", "as_of_source", "rows_read", "rows_landed", "rows_quarantined", "rows_skipped", "rows_inserted", "rows_ended",
    "rows_unchanged", "duplicate_of", "correction_of", "reason", "coverage",
)  # fmt: skip

# What a batch's columns come to, which the next batch is compared with (rule Q14).
FIGURE_FIELDS = ("column_name", "column_label", "median_yuan", "total_yuan", "empty_rows")


def record(con: duckdb.DuckDBPyConnection, data: dict[str, Any], known: bool = True) -> None:
    """Write a batch's row of the ledger and its figures; ``known``: the ledger may have it already, in another state."""
    for name in ("ops.batch", "ops.batch_figure") if known else ():
        con.execute(f"DELETE FROM {name} WHERE batch_id = ? AND feed = ?", [data["batch_id"], data["feed"]])
    values = ["original_name_safe" if name == "original_name" else name for name in LEDGER_FIELDS]
    con.execute(
        f"INSERT INTO ops.batch ({', '.join(LEDGER_FIELDS)}) VALUES ({', '.join('?' for _ in LEDGER_FIELDS)})",
        [data.get(name) for name in values],
    )
    if figures := data.get("figures"):
        con.execute(
            f"INSERT INTO ops.batch_figure SELECT ?, ?, {', '.join('unnest(?)' for _ in FIGURE_FIELDS)}",
            [data["batch_id"], data["feed"], *([figure.get(name) for figure in figures] for name in FIGURE_FIELDS)],
        )


def load_time(con: duckdb.DuckDBPyConnection) -> str:
    """The time of this load: now, but always after every earlier load, whatever the clock says."""
    last = con.execute("SELECT greatest(max(merged_at), max(withdrawn_at)) FROM ops.batch").fetchone()
    now = dt.datetime.fromisoformat(utc_now())
    if last and last[0] is not None and last[0] >= now:
        now = last[0] + dt.timedelta(microseconds=1)
    return now.isoformat(timespec="microseconds")


def merge(home: Path, batch: Batch, feed: Feed | None, feeds: dict[str, Feed]) -> None:
    """Write ``batch`` into the warehouse once; a batch that the ledger has as merged only gets its batch.json brought up to date."""
    data = batch.data
    if batch.state in ("merged", "withdrawn", "request"):
        return
    if batch.state not in ("validated", "blocked", "duplicate"):
        raise TerminalError(f"batch {batch.reference} is {batch.state}: it must be organised first")
    require_space(home, batch.rows.stat().st_size if batch.rows.exists() else 0)
    with open_for_merge(home) as con:
        ensure(con, feeds.values())
        if batch.state != "validated":
            if not _is_recorded(con, data):
                con.execute("BEGIN")
                record(con, data)
                audit.commit(con, home, "load", batch.reference, detail=_told(data))
            return
        assert feed is not None, "only a recognised file can be validated"
        known = con.execute(
            "SELECT state, merged_at, rows_inserted, rows_ended, rows_unchanged FROM ops.batch WHERE batch_id = ? AND feed = ?",
            [data["batch_id"], feed.name],
        ).fetchone()
        if known and known[0] == "merged":
            # Killed between commit and batch.json: the ledger knows.
            counts = dict(
                zip(
                    ("merged_at", "rows_inserted", "rows_ended", "rows_unchanged"),
                    (str(known[1]), *known[2:]),
                    strict=True,
                )
            )
        else:
            counts = _merge_rows(con, home, batch, feed, known is not None)
    batch.save(state="merged", **counts)
    sources.remember(home, data)


def delivery_of(batch: Batch, feed: Feed) -> Delivery:
    """A batch's folder as history reads it."""
    data = batch.data
    # A broken row stands among the rejects without a staged row.
    rejects = f"(SELECT DISTINCT _row FROM {parquet_sql(batch.rejects)})" if data["rows_quarantined"] else None
    return Delivery(
        feed=feed,
        batch_id=str(data["batch_id"]),
        rows=f"({rows_sql(batch.folder)})",
        rejects=rejects,
        present=frozenset(data["present"]),
        as_of=str(data["as_of"]),
        received=str(data["received_at"]),
        coverage=str(data.get("coverage") or coverage_of(feed, bool(data.get("correction_of")))),
    )


def others_of(con: duckdb.DuckDBPyConnection, home: Path, feed: Feed, delivery: Delivery) -> list[Delivery]:
    """The feed's other merged deliveries that history may have to play again beside ``delivery``: those not older; of events all."""
    since = "" if feed.mode == "append" else f"AND as_of >= {delivery.as_of_sql}"
    found = con.execute(
        f"SELECT batch_id FROM ops.batch WHERE feed = ? AND state = 'merged' AND batch_id <> ? {since}",
        [feed.name, delivery.batch_id],
    ).fetchall()
    return [delivery_of(Batch.load(home, f"{feed.name}/{batch_id}"), feed) for (batch_id,) in found]


def _merge_rows(con: duckdb.DuckDBPyConnection, home: Path, batch: Batch, feed: Feed, known: bool) -> dict[str, Any]:
    data = batch.data
    identity.install(con, keys.secret("identity_key", home))
    delivery = delivery_of(batch, feed)
    # Who replays a delivery gives it the time of its former load.
    recorded = str(data.get("merged_at") or load_time(con))
    con.execute("BEGIN")
    counts: dict[str, Any] = dict(
        merge_history(con, delivery, recorded, int(data["rows_landed"]), lambda: others_of(con, home, feed, delivery))
    )
    counts["merged_at"] = recorded
    record(con, {**data, **counts, "state": "merged", "coverage": delivery.coverage}, known)
    if delivery.rejects:
        keep_rejects(con, batch, feed, delivery)
        refusals.note(con, feed, delivery, batch.rejects)
    keep_fill(con, batch, feed)
    audit.commit(con, home, "load", batch.reference, detail=_told({**data, **counts, "state": "merged"}))
    return counts


def _told(data: dict[str, Any]) -> dict[str, Any]:
    """What the log says of a delivery beside its reference."""
    names = (
        "department",
        "state",
        "sha256",
        "as_of",
        "rows_landed",
        "rows_quarantined",
        "rows_inserted",
        "rows_ended",
        "reason",
    )
    return {name: data[name] for name in names if data.get(name) is not None}


def _is_recorded(con: duckdb.DuckDBPyConnection, data: dict[str, Any]) -> bool:
    """Did a process die after the ledger had this very end of the batch?"""
    row = con.execute(
        "SELECT 1 FROM ops.batch WHERE batch_id = ? AND feed = ? AND state = ? AND validated_at IS NOT DISTINCT FROM CAST(? AS TIMESTAMP)",
        [data["batch_id"], data["feed"], data["state"], data.get("validated_at")],
    ).fetchone()
    return row is not None


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
    parts.append("SELECT 'refused', count(*), bit_xor(hash(t)) FROM ops.refused AS t")
    parts.append(
        "SELECT 'batch', count(*), bit_xor(hash(batch_id, feed, state, as_of, rows_landed, rows_quarantined, rows_skipped)) FROM ops.batch"
    )
    rows = con.execute(
        f"SELECT md5(string_agg(part || ':' || n || ':' || coalesce(h, 0), ';' ORDER BY part)) FROM ({' UNION ALL '.join(parts)})"
    )
    result = rows.fetchone()
    return str(result[0]) if result else ""
