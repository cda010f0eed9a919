"""An engineer's decisions about a finished batch: that a comparison (row count, unit) was wrong to hold it, or to run it once more."""

from __future__ import annotations

from pathlib import Path

from connectors.errors import TerminalError
from connectors.feed import load_feeds
from warehouse import audit, sealing
from warehouse.batch import Batch, open_mark
from warehouse.database import open_warehouse
from warehouse.history.schema import ensure

HELD_BY_COMPARISON = frozenset({"ROW_COUNT_COLLAPSE", "UNIT_JUMP", "DELTA_WITHOUT_LIST"})


def release(home: Path, reference: str, why: str = "") -> None:
    """Put a held batch back among the unfinished ones. Raises TerminalError if it was blocked for anything else."""
    batch = Batch.load(home, reference)
    codes = {problem["code"] for problem in batch.data.get("problems", [])}
    if batch.state != "blocked" or not codes or not codes <= HELD_BY_COMPARISON:
        raise TerminalError(
            f"{reference} is {batch.state} for {sorted(codes)}: only {sorted(HELD_BY_COMPARISON)} can be released"
        )
    with open_warehouse(home) as con:
        ensure(con, load_feeds().values())
        audit.note(con, home, "release", reference, why=why, detail={"codes": sorted(codes)})
    open_mark(batch.folder).touch(mode=0o600)
    batch.save(state="received", accepted=True, reread=True, problems=[], reason=None)


def reopen(home: Path, reference: str) -> str:
    """Put a finished batch back among the unfinished ones; returns its reference.

    A blocked batch is read again from its original bytes, and held again if it is still wrong.
    """
    batch = Batch.load(home, reference)
    open_mark(batch.folder).touch(mode=0o600)
    if batch.state == "blocked" and sealing.is_there(batch.source):
        batch.save(state="received", reread=True, problems=[], reason=None)
    return batch.reference
