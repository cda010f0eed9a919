"""Build ``core.person`` and every mart."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

import duckdb

from connectors.feed import Feed
from warehouse.monitor import reference
from warehouse.monitor.order import build_order

Progress = Callable[[str], None]


def build(
    con: duckdb.DuckDBPyConnection,
    feeds: Mapping[str, Feed],
    as_of: dt.date | None = None,
    progress: Progress | None = None,
) -> dict[str, int]:
    """Rebuild every derived table in one transaction; returns ``mart name → rows`` (names without schema).

    ``con`` is a writable connection whose default database is the warehouse, with the history tables of all ``feeds`` in
    place (empty where nothing came). ``as_of`` overrides the run date. Readers see all old tables or all new ones.
    """
    rows: dict[str, int] = {}
    con.execute("BEGIN")
    try:
        for schema in ("ref", "core", "mart"):
            con.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        reference.load(con, feeds, as_of or reference.run_date(con))
        order = build_order()
        _drop_leftovers(con, {table.name: "VIEW" if table.is_view else "TABLE" for table in order})
        for table in order:
            if progress:
                progress(f"  {table.name}")
            con.execute(f"CREATE OR REPLACE {'VIEW' if table.is_view else 'TABLE'} {table.name} AS {table.select}")
            if table.is_mart:
                counted = con.execute(f"SELECT count(*) FROM {table.name}").fetchone()
                rows[table.name.removeprefix("mart.")] = int(counted[0]) if counted else 0
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise
    return rows


def _drop_leftovers(con: duckdb.DuckDBPyConnection, wanted: Mapping[str, str]) -> None:
    """A mart whose file is gone must not be published as if it were current; nor can a table be replaced by a view."""
    found = con.execute(
        "SELECT 'VIEW' AS kind, schema_name || '.' || view_name FROM duckdb_views() WHERE database_name = current_database() "
        "UNION ALL SELECT 'TABLE', schema_name || '.' || table_name FROM duckdb_tables() WHERE database_name = current_database() "
        "ORDER BY kind DESC"
    ).fetchall()
    for kind, name in found:
        if wanted[name] != kind if name in wanted else name.startswith("mart."):
            con.execute(f"DROP {kind} {name}")
