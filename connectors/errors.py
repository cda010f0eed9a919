"""Errors of the platform; their messages never carry a cell's value.

A reader's own exception prints the offending line (DuckDB: «Original Line: …»), which would put a citizen's id into a task
log. Whoever calls a reader wraps it in :func:`without_row_text`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class FupinError(Exception):
    """Base of all errors that a user may see; the message is one safe line."""


class TransientError(FupinError):
    """May heal by itself (a lock, a full disk, a busy server): worth a retry."""


class TerminalError(FupinError):
    """Never heals by retrying (wrong configuration, broken declaration, lost file)."""


class DeclarationError(TerminalError):
    """A feed's TOML, a rule or a SQL file is wrong; names file and key."""


TRANSIENT_MARKS = ("could not set lock", "conflicting lock", "no space left", "database is locked", "being used by another process")


@contextmanager
def without_row_text(doing: str) -> Iterator[None]:
    """Run a block; re-raise any foreign exception as one line «doing: class of error», cutting cause and text.

    Raises TransientError for lock and disk-space errors, else TerminalError.
    """
    failure: FupinError | None = None
    try:
        yield
    except FupinError:
        raise
    except MemoryError:
        failure = TransientError(f"{doing}: out of memory")
    except Exception as error:
        text = str(error).lower()
        mark = next((mark for mark in TRANSIENT_MARKS if mark in text), None)
        name = type(error).__name__
        failure = TransientError(f"{doing}: {name} ({mark})") if mark else TerminalError(f"{doing}: {name}")
    if failure is not None:
        # Raised outside the except block: neither __cause__ nor __context__ keeps the original text.
        raise failure
