"""The tables that anybody may see: ``public/`` of a snapshot, made of its marts as ``audiences.toml`` declares.

Counts below the smallest are not told, nor what they could be worked out from, in this snapshot or together with the five before it; what was once
untold stays so. The rest is rounded by a keyed hash: the same count of the same cell always alike, so that repeating it tells nothing more.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import shutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from connectors import disk
from connectors.errors import TerminalError
from warehouse.audiences import PATH, Table, audiences
from warehouse.publish import manifest
from warehouse.publish.pseudonym import fingerprint
from warehouse.publish.public import cells, files

FOLDER = "public"
log = logging.getLogger("fupin")
# Earlier publications that an attacker is thought to have kept, beside the present one.
LOOKS_BACK = 5


@cache
def version() -> str:
    """Digest of what decides how public tables are made of marts: the declaration and the code."""
    paths = [PATH, *sorted(Path(__file__).parent.glob("*.py"))]
    return manifest.digest([disk.digest(path) for path in paths])


def state(tables: Mapping[str, Any], key: str) -> str:
    """Digest of what the public tables follow from, earlier publications aside. ``tables``: relation → its facts in the manifest."""
    relations = {table.relation for table in audiences().public.tables.values()} | {"ref.parameter"}
    return manifest.digest([version(), fingerprint(key), {name: tables.get(name) for name in sorted(relations)}])


def write(snapshot: Path, base: Path, as_of: dt.date | None, tables: Mapping[str, Any], key: str) -> None:
    """Write ``public/`` of the unfinished ``snapshot`` below ``base``; nothing where its marts or the smallest count are not known.

    The current snapshot's files are linked where their marts are the same, and where new ones would tell a secret.
    """
    wanted = {name: table for name, table in audiences().public.tables.items() if table.relation in tables}
    smallest = _smallest(snapshot, as_of)
    if not wanted or smallest is None:
        return
    current = base / "current"
    is_same = (manifest.read(current) or {}).get("public") == state(tables, key) and (current / FOLDER).is_dir()
    if (is_same or not _made(snapshot, base, as_of, wanted, smallest, key)) and (current / FOLDER).is_dir():
        (snapshot / FOLDER).mkdir()
        for path in sorted((current / FOLDER).iterdir()):
            os.link(path.resolve(), snapshot / FOLDER / path.name)


def _made(
    snapshot: Path, base: Path, as_of: dt.date | None, tables: Mapping[str, Table], smallest: int, key: str
) -> bool:
    """Make new tables; False, and one line for the engineer, where that would tell a secret or cannot be proved not to."""
    why = "new ones would tell a small count together with the earlier ones"
    try:
        if _make(snapshot, base, as_of, tables, smallest, key):
            return True
    except TerminalError as error:
        # The statisticians' snapshot does not wait for the notice board's.
        why = str(error)
        shutil.rmtree(snapshot / FOLDER, ignore_errors=True)
    log.warning("public tables: %s: the last stay / 公开统计表沿用上次的", why)
    return False


def _make(
    snapshot: Path, base: Path, as_of: dt.date | None, tables: Mapping[str, Table], smallest: int, key: str
) -> bool:
    """Make new tables; False if what was published earlier leaves no safe way to. Raises TerminalError for sums that do not hold or have no solution."""
    # Half a second: only who makes tables waits for it.
    from warehouse.publish.public import protection

    earlier = _earlier(base)
    with duckdb.connect(config={"threads": 1}) as con:
        cells.create(con, tables)
        for period, folder in enumerate(earlier):
            for name, table in tables.items():
                if (path := folder / FOLDER / files.file_name(table)).is_file():
                    files.read(con, period, path, name, table)
            if period >= len(earlier) - LOOKS_BACK:
                cells.load(con, period, folder, tables)
        cells.load(con, len(earlier), snapshot, tables)
        cells.complete(con, smallest, key)
        if not protection.protect(system := protection.system(con, smallest)):
            return False
        con.execute("UPDATE variable SET value = NULL WHERE id IN (SELECT unnest(?))", [system.hidden])
        files.write(snapshot / FOLDER, con, snapshot, tables, as_of)
    return True


def _smallest(snapshot: Path, as_of: dt.date | None) -> int | None:
    """The smallest count that is told on the day ``as_of``, a dated parameter."""
    parquet = snapshot / "parquet" / "parameter.parquet"
    if not parquet.is_file():
        return None
    found = duckdb.execute(
        "SELECT CAST(max(value) AS BIGINT) FROM read_parquet(?) WHERE code = ? AND ? >= valid_from AND ? < valid_to",
        [str(parquet), audiences().public.smallest, as_of, as_of],
    ).fetchone()
    return found[0] if found else None


def _earlier(base: Path) -> list[Path]:
    """Snapshots below ``base``, oldest first, each with public tables that none before it had."""
    heads = [(head, folder) for folder in base.glob("[0-9]*") if (head := manifest.read(folder))]
    found: dict[str, Path] = {}
    for head, folder in sorted(heads, key=lambda one: (str(one[0].get("published_at")), one[1].name)):
        told = {name: facts["sha256"] for name, facts in head.get("files", {}).items() if name.startswith(f"{FOLDER}/")}
        if told:
            found.setdefault(manifest.digest(told), folder)
    return list(found.values())
