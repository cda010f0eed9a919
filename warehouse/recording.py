"""What the ledger keeps of a batch beside its row: why rows were refused and of which household, and how far each column was filled in."""

from __future__ import annotations

import duckdb

from connectors.feed import Feed
from expectations.normalise import identifier, literal
from warehouse.batch import Batch
from warehouse.history.deliveries import Delivery

# Cells that were left empty; any other problem is a cell that says something which cannot be read.
EMPTY = ("REQUIRED_MISSING", "ID_MISSING")
# Under this name every list gives the registry's number of the household.
HOUSEHOLD = "household_id"


def keep_rejects(con: duckdb.DuckDBPyConnection, batch: Batch, feed: Feed, delivery: Delivery) -> None:
    """Replace the batch's rows of ``ops.reject``. A household's number is kept only where it has a number's shape: a cell of a refused row may
    hold anything, a citizen id too.
    """
    household, join = "CAST(NULL AS VARCHAR)", ""
    shape = next((column.pattern for column in feed.columns if column.name == HOUSEHOLD), None)
    if shape and HOUSEHOLD in delivery.present:
        household = f"CASE WHEN regexp_full_match(s.{HOUSEHOLD}, {literal(shape)}) THEN s.{HOUSEHOLD} END"
        # A structurally broken row was never staged.
        join = f"LEFT JOIN (SELECT _row, {HOUSEHOLD} FROM {delivery.rows}) AS s ON s._row = r._row"
    con.execute("DELETE FROM ops.reject WHERE batch_id = ? AND feed = ?", [delivery.batch_id, feed.name])
    con.execute(
        'INSERT INTO ops.reject (batch_id, feed, source_row, code, "column", rule, household_id) '
        f'SELECT ?, ?, r._row, reason.code, reason."column", reason.rule, {household} '
        f"FROM (SELECT _row, unnest(reasons) AS reason FROM read_parquet('{batch.rejects}')) AS r {join}",
        [delivery.batch_id, feed.name],
    )


def keep_fill(con: duckdb.DuckDBPyConnection, batch: Batch, feed: Feed, delivery: Delivery) -> None:
    """Replace the batch's rows of ``ops.column_fill``: of every declared column, whether it must be filled in, data rows and filled cells.

    The staged file knows its empty cells without being read; only totals, footers and cells that could not be understood are looked at.
    """
    names = [column.name for column in feed.columns]
    needed = [str(column.required).lower() for column in feed.columns]
    present = [name for name in names if name in delivery.present]
    file = f"read_parquet('{batch.rows}')"
    listed = ", ".join(literal(name) for name in present)
    skipped = ", ".join(f"count({identifier(name)})" for name in present)
    empty = ", ".join(literal(code) for code in EMPTY)
    unread = ", ".join(
        f"count(*) FILTER ({identifier(name)} IS NULL AND coalesce(_problems[{literal(name)}] NOT IN ({empty}), FALSE))"
        for name in present
    )
    con.execute("DELETE FROM ops.column_fill WHERE batch_id = ? AND feed = ?", [delivery.batch_id, feed.name])
    con.execute(
        f"""INSERT INTO ops.column_fill
        WITH declared AS (SELECT unnest([{", ".join(map(literal, names))}]) AS name, unnest([{", ".join(needed)}]) AS is_required),
        size AS (SELECT count(*) - count(_skip) AS data_rows FROM {file}),
        counted AS (
          SELECT path_in_schema AS name, CAST(sum(num_values - stats_null_count) AS BIGINT) AS filled
          FROM parquet_metadata('{batch.rows}') GROUP BY path_in_schema
          UNION ALL SELECT unnest([{listed}]), unnest([{skipped}]) * -1 FROM {file} WHERE _skip IS NOT NULL
          UNION ALL SELECT unnest([{listed}]), unnest([{unread}]) FROM {file} WHERE _skip IS NULL AND _problems IS NOT NULL)
        SELECT ?, ?, declared.name, any_value(declared.is_required), any_value(size.data_rows), coalesce(sum(counted.filled), 0)
        FROM declared CROSS JOIN size LEFT JOIN counted ON counted.name = declared.name GROUP BY declared.name""",
        [delivery.batch_id, feed.name],
    )
