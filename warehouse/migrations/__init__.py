"""Which version a warehouse's schema is of, and the numbered steps that bring it forward: one place says what stands beside the feeds' tables.

``NNN_<what>.sql`` of this folder leads from version NNN - 1 to NNN. Version 0 is an empty warehouse, or one made before versions were counted.
What changes is a new step; one that a warehouse may have gone stays as it is. The feeds' own tables follow from their declarations
(:mod:`warehouse.history.schema`).
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb

from connectors import settings
from connectors.errors import TerminalError
from warehouse import audit
from warehouse.batch import utc_now

STEPS = sorted(Path(__file__).parent.glob("[0-9][0-9][0-9]_*.sql"))
PRESENT = len(STEPS)
VERSION = """
CREATE SCHEMA IF NOT EXISTS ops;
CREATE TABLE IF NOT EXISTS ops.schema_version (version BIGINT, applied_at TIMESTAMP, code_version VARCHAR);
"""


def version(con: duckdb.DuckDBPyConnection, database: str = "") -> int:
    """The schema's version of the attached ``database``, of the default one without."""
    try:
        row = con.execute(f"SELECT max(version) FROM {database and f'{database}.'}ops.schema_version").fetchone()
    except duckdb.CatalogException:
        return 0
    return int(row[0]) if row and row[0] is not None else 0


def is_behind(con: duckdb.DuckDBPyConnection, database: str) -> bool:
    """Has the attached ``database`` steps to go? Raises TerminalError where it has gone further than this code knows."""
    found = version(con, database)
    if found > PRESENT:
        raise TerminalError(
            f"the warehouse is of schema version {found}, this code knows versions up to {PRESENT}: nothing was changed; "
            "run the newer code, or restore a backup from before (fupin restore --to TIME)"
        )
    return found < PRESENT


def apply(con: duckdb.DuckDBPyConnection) -> None:
    """Go the steps that the default database has not gone, inside the caller's transaction if there is one."""
    if (since := version(con)) == PRESENT:
        return
    con.execute(VERSION)
    for number, step in enumerate(STEPS[since:], since + 1):
        con.execute(step.read_text(encoding="utf-8"))
        con.execute(
            "INSERT INTO ops.schema_version VALUES (?, ?, ?)",
            [number, dt.datetime.fromisoformat(utc_now()), settings.code_version()],
        )


def migrate(con: duckdb.DuckDBPyConnection, home: Path) -> None:
    """Bring the default database, the warehouse of ``home`` behind its lock, to the present version: in one transaction, and one entry of the log
    unless it was empty."""
    since = version(con)
    tables = con.execute("SELECT count(*) FROM duckdb_tables() WHERE database_name = current_database()").fetchone()
    con.execute("BEGIN")
    apply(con)
    if tables == (0,):
        con.execute("COMMIT")
    else:
        audit.commit(con, home, "migrate", "warehouse", detail={"from": since, "to": PRESENT})
