"""What the ledger keeps of a batch beside its row: why rows were refused, and how far each column was filled in; and of a build, when it was."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import duckdb

from connectors.feed import Feed
from connectors.quoting import identifier, literal
from expectations.parquet import parquet_sql
from warehouse.batch import Batch, utc_now
from warehouse.history.deliveries import Delivery

# Cells that were left empty; any other problem is a cell that says something which cannot be read.
EMPTY = ("REQUIRED_MISSING", "ID_MISSING")


def keep_rejects(con: duckdb.DuckDBPyConnection, batch: Batch, feed: Feed, delivery: Delivery) -> None:
    """Replace the batch's rows of ``ops.reject``."""
    con.execute("DELETE FROM ops.reject WHERE batch_id = ? AND feed = ?", [delivery.batch_id, feed.name])
    con.execute(
        'INSERT INTO ops.reject (batch_id, feed, source_row, code, "column", rule) '
        'SELECT ?, ?, _row, reason.code, reason."column", reason.rule '
        f"FROM (SELECT _row, unnest(reasons) AS reason FROM {parquet_sql(batch.rejects)})",
        [delivery.batch_id, feed.name],
    )


def count_filled(con: duckdb.DuckDBPyConnection, batch: Batch, filled: Mapping[str, int]) -> dict[str, int]:
    """How many data rows of the staged batch have each column filled in, whether the cell can be read or not; under ``""`` the number of data rows.

    ``filled``: of which columns how many cells of the staged file are not NULL, which was told as it was written; only totals, footers and
    cells that could not be understood are looked at.
    """
    names = sorted(filled)
    file = parquet_sql(batch.rows)
    listed = ", ".join(literal(name) for name in names)
    counts = ", ".join(str(filled[name]) for name in names)
    skipped = ", ".join(f"count({identifier(name)})" for name in names)
    empty = ", ".join(literal(code) for code in EMPTY)
    unread = ", ".join(
        f"count(*) FILTER ({identifier(name)} IS NULL AND coalesce(_problems[{literal(name)}] NOT IN ({empty}), FALSE))"
        for name in names
    )
    found = con.execute(
        f"""WITH counted AS (
          SELECT unnest([{listed}]) AS name, unnest([{counts}]) AS filled
          UNION ALL SELECT unnest([{listed}]), unnest([{skipped}]) * -1 FROM {file} WHERE _skip IS NOT NULL
          UNION ALL SELECT unnest([{listed}]), unnest([{unread}]) FROM {file} WHERE _skip IS NULL AND _problems IS NOT NULL)
        SELECT name, CAST(sum(filled) AS BIGINT) FROM counted WHERE name IN ({listed}) GROUP BY name
        UNION ALL SELECT '', count(*) - count(_skip) FROM {file}"""
    )
    return dict(found.fetchall())


def keep_fill(con: duckdb.DuckDBPyConnection, batch: Batch, feed: Feed) -> None:
    """Write the batch's rows of ``ops.column_fill``: of every declared column, whether it must be filled in, data rows and filled cells."""
    if filled := batch.data.get("filled"):
        con.execute(
            "INSERT INTO ops.column_fill SELECT ?, ?, unnest(?), unnest(?), ?, unnest(?)",
            [
                batch.data["batch_id"],
                feed.name,
                [column.name for column in feed.columns],
                [column.required for column in feed.columns],
                filled[""],
                [filled.get(column.name, 0) for column in feed.columns],
            ],
        )


def keep_build(con: duckdb.DuckDBPyConnection) -> None:
    """Note after which entry of the log the marts were built: clues follow from every build there was."""
    con.execute(
        "INSERT INTO ops.build SELECT entries, ? FROM (SELECT coalesce(max(number), 0) AS entries FROM ops.audit) "
        "WHERE entries NOT IN (SELECT entries FROM ops.build)",
        [dt.datetime.fromisoformat(utc_now())],
    )
