"""Errors of the platform; their messages never carry a cell's value.

A reader's own exception prints the offending line (DuckDB: «Original Line: …»), which would put a citizen's id into a task
log. Whoever calls a reader wraps it in :func:`without_row_text`.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class FupinError(Exception):
    """Base of all errors that a user may see; the message is one safe line."""


class TransientError(FupinError):
    """May heal by itself (a lock, a full disk, a busy server): worth a retry."""


class TerminalError(FupinError):
    """Never heals by retrying (wrong configuration, broken declaration, lost file)."""


class DeclarationError(TerminalError):
    """A feed's TOML, a rule or a SQL file is wrong; names file and key."""


TRANSIENT_MARKS = (
    "could not set lock",
    "conflicting lock",
    "no space left",
    "database is locked",
    "being used by another process",
)


def _safe(error: Exception, doing: str) -> FupinError:
    """``error`` as an exception of ours whose message is safe."""
    if isinstance(error, FupinError):
        return type(error)(*error.args)
    if isinstance(error, MemoryError):
        return TransientError(f"{doing}: out of memory")
    text = str(error).lower()
    mark = next((mark for mark in TRANSIENT_MARKS if mark in text), None)
    name = type(error).__name__
    return TransientError(f"{doing}: {name} ({mark})") if mark else TerminalError(f"{doing}: {name}")


@contextmanager
def without_row_text(doing: str) -> Iterator[None]:
    """Run a block; re-raise any foreign exception as one line «doing: class of error».

    Raises TransientError for lock, memory and disk-space errors, else TerminalError.
    """
    try:
        yield
    except FupinError:
        raise
    except Exception as error:
        debug(error)
        raise _safe(error, doing) from None


def scrubbed(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Decorator for what a scheduler calls: whatever is raised leaves as a safe exception without cause, context or traceback.

    A context manager cannot do that: an exception raised in ``__exit__`` keeps the one it handles as ``__context__``, and loggers
    that print local variables or contexts would print the row.
    """

    @wraps(function)
    def wrapper(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            debug(error)
            failure = _safe(error, function.__name__)
        raise failure

    return wrapper


def debug(error: Exception) -> None:
    """For development on synthetic data only: ``FUPIN_DEBUG=1`` prints the original error, which may hold a row."""
    if os.environ.get("FUPIN_DEBUG"):
        traceback.print_exception(error)
