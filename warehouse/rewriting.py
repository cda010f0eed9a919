"""The warehouse's file written anew, as this DuckDB writes it: under another key, or in the format of another version.

Every table of the copy is compared with what it is a copy of before it takes its place in one rename: whatever dies in between leaves the old file.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import duckdb

from connectors import disk
from connectors.errors import TerminalError, scrubbed, without_row_text
from connectors.feed import load_feeds
from connectors.quoting import literal
from warehouse import audit, keys, migrations
from warehouse.database import (
    WAREHOUSE,
    alone,
    open_warehouse,
    require_space,
    require_warehouse,
    scalar,
    table_hashes,
    warehouse_path,
)
from warehouse.history.schema import ensure

FRESH = "fresh"


@scrubbed
def rewrite(home: Path) -> dict[str, Any]:
    """Bring the schema to the present version and write the file anew, under the key that it has; returns ``schema_version``, ``storage_version``,
    ``tables``, ``bytes_before`` and ``bytes``.

    Raises TerminalError where there is no warehouse or the copy is not what it must be, TransientError where the disk cannot hold both.
    """
    path = warehouse_path(home)
    require_warehouse(home)
    with without_row_text("writing the warehouse anew"):
        with open_warehouse(home) as con:
            ensure(con, load_feeds().values())
        with alone(home) as (con, used):
            clear(home)
            before = path.stat().st_size
            tables = put_anew(con, home, used)
        with open_warehouse(home) as con:
            found = {
                "schema_version": migrations.version(con),
                "storage_version": scalar(
                    con,
                    "SELECT tags['storage_version'] FROM duckdb_databases() WHERE database_name = current_database()",
                ),
                "tables": tables,
                "bytes_before": before,
                "bytes": path.stat().st_size,
            }
            audit.note(con, home, "migrate", "file", detail=found)
    return found


def _fresh(home: Path) -> Path:
    path = warehouse_path(home)
    return path.with_name(f".{path.name}.fresh")


def clear(home: Path) -> None:
    """Remove what a process that died has left; the warehouse is opened :func:`alone`."""
    fresh = _fresh(home)
    for left in (fresh, fresh.with_name(f"{fresh.name}.wal")):
        left.unlink(missing_ok=True)


def put_anew(con: duckdb.DuckDBPyConnection, home: Path, key: str) -> int:
    """Write the warehouse that is opened :func:`alone` anew under its key of the id ``key``, and put that in its place; returns how many tables it
    has. ``con`` is without it then."""
    path, fresh = warehouse_path(home), _fresh(home)
    require_space(home, path.stat().st_size)
    con.execute(f"ATTACH '{fresh}' AS {FRESH} (ENCRYPTION_KEY {literal(keys.ring(keys.WAREHOUSE, home)[key])})")
    con.execute(f"COPY FROM DATABASE {WAREHOUSE} TO {FRESH}")
    tables = table_hashes(con, WAREHOUSE)
    if table_hashes(con, FRESH) != tables:
        raise TerminalError("the copy of the warehouse is not the warehouse: the file stays as it is")
    for name in (WAREHOUSE, FRESH):
        con.execute(f"CHECKPOINT {name}")
        con.execute(f"DETACH {name}")
    os.chmod(fresh, 0o600)
    for place in (fresh, path.parent):
        disk.sync(place)
    # What the old file's log holds is in it: it was closed.
    path.with_name(f"{path.name}.wal").unlink(missing_ok=True)
    os.replace(fresh, path)
    return len(tables)
