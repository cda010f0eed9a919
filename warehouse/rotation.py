"""New keys for data at rest, while work goes on: a new key is put before the old one, everything is written anew under it, the old one is forgotten.

A process that dies leaves both keys in the ring, and whatever lies under either can be read; called again it goes on. When the old key is
forgotten, what was written under it — copies, old backups — cannot be read by anybody any more.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from connectors.errors import TerminalError, TransientError, scrubbed, without_row_text
from connectors.feed import load_feeds
from expectations import parquet
from warehouse import audit, cipher, keys, rewriting, sealing
from warehouse.batch import SEALED, Batch, batches
from warehouse.database import alone, connect, open_warehouse, writer_lock
from warehouse.history.schema import ensure

Progress = Callable[[str], None]

NAMES = (keys.LANDING, keys.WAREHOUSE)
# Why the other keys stay.
BOUND = {
    "identity_key": "every person's key, in every table, decision and clue, follows from it: another one would make everybody somebody else",
    "publication_key": "every published pseudonym follows from it: nobody could be followed from the snapshots before to those after",
    "audit_key": "the seals of the log follow from it: under another one every former entry would count as changed",
    "export_key": "whose file an export is, is found by it: those that have left could not be traced any more",
}


@scrubbed
def rotate(home: Path, name: str, progress: Progress) -> dict[str, Any]:
    """Give the data under the key ``name`` a new one; returns ``key``, ``present``, ``forgotten`` (ids), ``to_remove`` (ids that the site has to
    take out of its setting) and ``files``, how many were written.

    Raises TerminalError where the key cannot be rotated, TransientError while deliveries are on their way: then both keys are kept.
    """
    if name in BOUND:
        raise TerminalError(f"{name} cannot be rotated: {BOUND[name]}")
    if name not in NAMES:
        raise TerminalError(f"there is no key {name} of data at rest; there are: {', '.join(NAMES)}")
    with open_warehouse(home) as con:
        # A key that does not fit is found before anything is written.
        ensure(con, load_feeds().values())
    old = keys.renew(name, home)
    present = keys.present(name, home)
    with without_row_text(f"rotating {name}"):
        files = _landing(home, present, progress) if name == keys.LANDING else _warehouse(home, present, progress)
    is_forgotten = keys.retire(name, home)
    found = {"forgotten": old if is_forgotten else [], "to_remove": [] if is_forgotten else old}
    with open_warehouse(home) as con:
        audit.note(con, home, "rotate", name, detail={"present": present, "old": old, "files": files})
    return {"key": name, "present": present, **found, "files": files}


def _landing(home: Path, present: str, progress: Progress) -> int:
    landing = home / "landing"
    files = sum(sealing.seal_again(path, home) for path in sorted(landing.glob(f".pulling/**/*{sealing.SUFFIX}")))
    with connect(home, jailed=True) as con:
        # The others' tasks may write under the key with which they began.
        for batch in (batch for batch in batches(home) if not batch.is_open):
            if written := _again(con, home, batch, present):
                progress(f"{batch.reference}: {written} files")
                files += written
    if waiting := [*landing.glob("*/.open/*"), *landing.glob(".incoming/*/*"), *landing.glob(".pulling/*")]:
        raise TransientError(
            f"{len(waiting)} deliveries are on their way: rotate again when they are through; until then both keys are kept"
        )
    return files


def _again(con: duckdb.DuckDBPyConnection, home: Path, batch: Batch, present: str) -> int:
    """Write what lies under another key anew; returns how many files did."""
    files = 0
    # In a data root of a former version nothing was sealed.
    sealing.seal_batch(batch, home)
    for path in sorted(batch.folder.glob(f"*{sealing.SUFFIX}")):
        files += sealing.seal_again(path, home)
    for path in (batch.rows, batch.rejects):
        if path.exists() and parquet.key_of(path) != present:
            temporary = parquet.copy(con, path, present)
            # Whoever replays the delivery reads it behind this lock.
            with writer_lock(home):
                parquet.put(temporary, parquet.named(path, present))
            files += 1
    said = json.loads((batch.folder / "batch.json").read_text(encoding="utf-8")).get(SEALED)
    if said and cipher.key_of_text(said) != present:
        with writer_lock(home):
            Batch.load(home, batch.reference).save()
        files += 1
    return files


def _warehouse(home: Path, present: str, progress: Progress) -> int:
    with alone(home) as (con, used):
        rewriting.clear(home)
        if used == present:
            return 0
        progress("the warehouse")
        rewriting.put_anew(con, home, present)
    return 1
