"""Workbooks that ask people something: one per unit, in an outbox, written when its content changes and not before."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from connectors import places, remote
from connectors.errors import TerminalError
from warehouse.database import open_warehouse
from warehouse.feedback import names

MAX_COPIES = 1_000
# Writes a workbook to the first path; the second is a folder for the writer's temporary files.
Fill = Callable[[Path, Path], None]


@dataclass(frozen=True)
class Kind:
    """A kind of list. ``table`` remembers what lies in the outboxes: the unit's column ``unit``, list_id, file, sha256, made_at,
    is_delivered. ``name`` stands in the workbook's property that says which list it is; ``department`` tells whose outbox a unit's is.
    """

    name: str
    table: str
    unit: str
    department: Callable[[str], str]

    def identity(self, list_id: str) -> str:
        return f"{self.name}/{list_id}"


def write_changed(
    con: duckdb.DuckDBPyConnection,
    kind: Kind,
    wanted: str,
    outbox: Path,
    as_of: str | dt.date,
    sheet: Callable[[str, str], tuple[str, Fill]],
) -> list[Path]:
    """Write a workbook for every unit whose list is not its last one; returns the new files.

    ``wanted``: relation with the unit's column and ``list_id``, which follows from the content; ``outbox``: the folder of all departments'
    outboxes; ``as_of``: date of the data; ``sheet``: file name (without suffix) and writer of a unit's list. Works inside the caller's
    transaction. A list that is superseded and that nobody has touched is taken away.
    """
    obsolete = con.execute(
        f"DELETE FROM {kind.table} AS l WHERE NOT EXISTS (SELECT 1 FROM {wanted} AS w "
        f"WHERE w.{kind.unit} = l.{kind.unit} AND w.list_id = l.list_id) RETURNING {kind.unit}, file, sha256"
    ).fetchall()
    for unit, file, digest in obsolete:
        _take_away(outbox / kind.department(unit) / file, digest)
    new = con.execute(
        f"SELECT {kind.unit}, list_id FROM {wanted} AS w WHERE NOT EXISTS "
        f"(SELECT 1 FROM {kind.table} AS l WHERE l.{kind.unit} = w.{kind.unit}) ORDER BY {kind.unit}"
    ).fetchall()
    written = []
    for unit, list_id in new:
        stem, fill = sheet(unit, list_id)
        path = _write(outbox / kind.department(unit), stem, kind.identity(list_id), list_id, fill)
        con.execute(
            f"INSERT INTO {kind.table} ({kind.unit}, list_id, file, sha256, made_at, is_delivered) "
            "VALUES (?, ?, ?, ?, CAST(? AS TIMESTAMP), FALSE)",
            [unit, list_id, path.name, _digest(path), str(as_of)],
        )
        written.append(path)
    return written


def deliver(home: Path, kind: Kind, departments: Iterable[str]) -> None:
    """Take new lists to the outboxes that ``departments`` have elsewhere. One that fails is tried again by the next run."""
    if not any(places.outbox(department) for department in departments):
        return
    with open_warehouse(home) as con:
        waiting = con.execute(
            f"SELECT {kind.unit}, file FROM {kind.table} WHERE NOT is_delivered ORDER BY {kind.unit}"
        ).fetchall()
    delivered = []
    for unit, file in waiting:
        department = kind.department(unit)
        path = home / "outbox" / department / file
        if (elsewhere := places.outbox(department)) is not None and path.is_file():
            remote.deliver(elsewhere, path)
            delivered.append(unit)
    if delivered:
        with open_warehouse(home) as con:
            con.execute(f"UPDATE {kind.table} SET is_delivered = TRUE WHERE list_contains(?, {kind.unit})", [delivered])


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _take_away(path: Path, digest: str) -> None:
    """Remove a superseded list, unless somebody has written into it."""
    if path.is_file() and not path.is_symlink() and _digest(path) == digest:
        path.unlink()


def _write(folder: Path, stem: str, identity: str, list_id: str, fill: Fill) -> Path:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    spill, temporary = folder / f".list-{list_id}", folder / f".{list_id}.tmp"
    shutil.rmtree(spill, ignore_errors=True)
    spill.mkdir(mode=0o700)
    # Left by a killed run it may be a second name of a finished list: it must not be written through.
    temporary.unlink(missing_ok=True)
    try:
        fill(temporary, spill)
        with open(temporary, "rb") as handle:
            os.fsync(handle.fileno())
        os.chmod(temporary, 0o640)
        return _place(temporary, folder, names.safe_stem(stem), identity)
    finally:
        temporary.unlink(missing_ok=True)
        shutil.rmtree(spill, ignore_errors=True)


def _place(temporary: Path, folder: Path, stem: str, identity: str) -> Path:
    """Move a finished list to its name. Another list of the same day may have answers in it already: it stays, a number is added."""
    for copy in range(1, MAX_COPIES):
        target = folder / (stem + (f"({copy})" if copy > 1 else "") + ".xlsx")
        if not target.exists() and not target.is_symlink():
            os.replace(temporary, target)
            return target
        if not target.is_symlink() and names.batch_of(target) == identity and _digest(target) == _digest(temporary):
            return target
    raise TerminalError("no free name for a list")
