"""Keep a data root as it is made by some version of the code, for the tests of all later versions.

In a checkout of that version, whose ``fupin sync`` has taken in a few small deliveries under the keys of :data:`KEYS`:

    PYTHONPATH=. python …/tests/upgrade/keep.py DATA_ROOT …/tests/upgrade/<commit>.tar.xz

The archive holds the warehouse without encryption (encrypted bytes do not shrink), the landing folder, and ``answers.json``: for every table
of history its columns and what it answered then, as of each day and as it was known after each load. It imports nothing that is not in all versions.
"""

from __future__ import annotations

import json
import shutil
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import duckdb

from warehouse.database import open_warehouse

KEYS = ("warehouse_key", "landing_key", "identity_key", "publication_key", "audit_key", "export_key")
DAYS = ("2019-03-31", "2019-05-31", "2019-06-30", "2019-07-31")
# When and from where a row was written; a later load may end it.
WRITTEN = ("recorded_from", "recorded_to", "batch_id", "source_row", "row_hash")
# Results and pages of former validations, which nobody reads again.
LEFT_OUT = ("gx.json", ".latest.gx.json")


def key_text(name: str) -> str:
    return f"{name} of the upgrade tests"


def ask(con: duckdb.DuckDBPyConnection, feed: str, columns: list[str], day: str, known: str | None) -> list[str]:
    """``columns`` of all rows as of ``day``: as believed now by the feed's own macro, or at the instant ``known``."""
    if known is None:
        source = f"core.{feed}_as_of('{day}')"
    else:
        source = f"core.{feed} WHERE valid_from <= '{day}' AND valid_to > '{day}' AND recorded_from <= '{known}' AND recorded_to > '{known}'"
    names = ", ".join(f'"{name}"' for name in columns)
    rows = con.execute(f"SELECT CAST(t AS VARCHAR) FROM (SELECT {names} FROM {source}) AS t ORDER BY ALL").fetchall()
    return [row for (row,) in rows]


def answers(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Feed → its columns and its answers; a first version without macros answers by the rows alone."""
    macros = {name for (name,) in con.execute("SELECT function_name FROM duckdb_functions()").fetchall()}
    loads = [
        str(at)
        for (at,) in con.execute("SELECT merged_at FROM ops.batch WHERE merged_at IS NOT NULL ORDER BY ALL").fetchall()
    ]
    found: dict[str, Any] = {}
    tables = con.execute(
        "SELECT table_name, list(column_name ORDER BY column_index) FROM duckdb_columns() WHERE database_name = current_database() "
        "AND schema_name = 'core' AND table_name IN (SELECT feed FROM ops.batch WHERE state = 'merged') AND NOT list_contains(?, column_name) "
        "GROUP BY ALL ORDER BY ALL",
        [list(WRITTEN)],
    ).fetchall()
    for feed, columns in tables:
        moments = [*loads, *([None] if f"{feed}_as_of" in macros else [])]
        told = [[day, known, ask(con, feed, columns, day, known)] for day in DAYS for known in moments]
        found[feed] = {"columns": columns, "answers": told}
    return found


def main(home: Path, archive: Path) -> None:
    with tempfile.TemporaryDirectory() as folder, open_warehouse(home, write=False) as con:
        kept = Path(folder)
        (kept / "answers.json").write_text(json.dumps(answers(con), ensure_ascii=False, indent=1), encoding="utf-8")
        con.execute(f"ATTACH '{kept / 'warehouse.duckdb'}' AS plain")
        con.execute("COPY FROM DATABASE fupin TO plain")
        con.execute("DETACH plain")
        shutil.copytree(home / "landing", kept / "landing", ignore=shutil.ignore_patterns(*LEFT_OUT))
        for path in kept.glob("landing/*/*/batch.json"):
            # Where the data root stood is nobody's business.
            path.write_text(path.read_text(encoding="utf-8").replace(str(home), "/data"), encoding="utf-8")
        if (head := home / "warehouse" / "audit.head").exists():
            shutil.copyfile(head, kept / head.name)
        with tarfile.open(archive, "w:xz") as packed:
            packed.add(kept, ".")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
