"""The worklists in the outboxes: one workbook per township and department that has clues to verify."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from connectors.feed import Feed
from warehouse.feedback import lists
from warehouse.monitor.worklists import content, workbook

FEED = "clue_verification"
CHUNK = 1_000


def kind() -> lists.Kind:
    """Worklists: one per unit, in the outbox of the department that its name begins with (``fupinban/210782008``, ``jiaoyu``)."""
    return lists.Kind("worklist", "ops.worklist", "unit", lambda unit: unit.split("/")[0])


def write_lists(
    con: duckdb.DuckDBPyConnection, feeds: Mapping[str, Feed], outbox: Path, as_of: str | dt.date
) -> list[Path]:
    """Write a workbook for every unit whose list is not its last one; returns the new files.

    ``outbox``: the folder of all departments' outboxes; ``as_of``: date of the data, in names and titles. The marts are built, so is the table. Works
    inside the caller's transaction. A list that is superseded and that nobody has touched is taken away.
    """
    if FEED not in feeds:
        return []
    content.prepare(con, feeds, feeds[FEED])
    day = str(as_of)

    def sheet(unit: str, list_id: str) -> tuple[str, lists.Fill]:
        title, clues, unadopted, has_people, has_objects = con.execute(
            "SELECT title, clues, unadopted, has_people, has_objects FROM worklist_unit WHERE unit = ?", [unit]
        ).fetchall()[0]

        def fill(path: Path, spill: Path) -> None:
            columns = workbook.columns(has_people, has_objects)
            names = ", ".join(column.name for column in columns if column.name)
            workbook.write(
                path, spill, title, kind().identity(list_id), day, columns,
                _rows(con, f"SELECT {names} FROM worklist_row WHERE unit = ? ORDER BY place", unit), int(clues),
                _rows(con, f"SELECT {', '.join(content.UNADOPTED)} FROM worklist_unadopted WHERE unit = ? ORDER BY ALL", unit)
                if unadopted else (),
            )  # fmt: skip

        return f"核查清单_{title}_{day}", fill

    return lists.write_changed(con, kind(), "worklist_unit", outbox, day, sheet)


def _rows(con: duckdb.DuckDBPyConnection, sql: str, unit: str) -> Iterator[Sequence[Any]]:
    # A cursor of its own would not see temporary tables: one relation is read to its end before the next is asked for.
    cursor = con.execute(sql, [unit])
    while chunk := cursor.fetchmany(CHUNK):
        yield from chunk
