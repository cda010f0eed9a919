"""Feeds whose rows are fetched from a system (端口对接) instead of dropped as a file: what a pull is given and what it hands over.

A connector fetches into ``Request.workdir``, which outlives the process: what lies there lets an interrupted pull go on. It hands
over one text table, ``text.parquet``: columns ``c0`` … ``cN`` (VARCHAR, empty text as NULL) in the order of ``Reading.header``, rows in
the order of the source. From there a pulled batch is like a dropped one.
"""

from __future__ import annotations

import datetime as dt
import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors import layout
from connectors.errors import TerminalError
from connectors.feed import Feed
from connectors.reading import Reading

TEXT = "text.parquet"
# source.kind → module with ``pull(Request) -> Pulled | None`` and ``check(Feed) -> list[str]`` (what «test connection» shows).
KINDS = {"rest": "connectors.rest", "database": "connectors.database"}


@dataclass(frozen=True)
class Request:
    """``watermark``: where the last merged pull ended (None: from the beginning); ``as_of``: the past day of a backfill, else None.

    ``memory_bytes``: what the connector may use; ``spill``: folder for DuckDB's temporary files.
    """

    feed: Feed
    workdir: Path
    watermark: str | None = None
    as_of: dt.date | None = None
    memory_bytes: int = 512 * 1024**2
    spill: Path | None = None


@dataclass(frozen=True)
class Pulled:
    """``source``: the file in the workdir that is kept as what arrived; ``watermark``: where the next pull begins once this one is merged.

    What makes the whole pull worthless stands in ``reading.problems``, as for a file; ``reading.rows`` is the number of rows in
    ``text.parquet``. ``label`` names the pull for ledger and receipt: no address, no credential.
    """

    source: Path
    reading: Reading
    watermark: str | None
    label: str


def recognise(feed: Feed, fields: Sequence[str]) -> Reading:
    """A reading for a table with these field names (matched like headers), with problems for missing and doubled columns."""
    found = layout.find_layouts([list(fields)], [feed], header_row=1)
    reading = Reading(format=str(feed.source["kind"]), encoding="utf-8", suffix=".parquet", feed=feed.name)
    if found:
        layout.describe(reading, found[0], [], [], "")
    reading.header_row, reading.first_row = 0, 1
    return reading


def pull(request: Request) -> Pulled | None:
    """Fetch what is new; None if there is nothing.

    Raises TransientError for what may heal (time-outs, 5xx, a lost connection), TerminalError for what needs an engineer (refused
    credentials, wrong settings). A false or cut answer raises nothing: it is in the problems.
    """
    return _module(request.feed).pull(request)


def check(feed: Feed) -> list[str]:
    """Connect, look at one page or the table's columns, fetch no data; returns what was found, line by line.

    Raises like :func:`pull`.
    """
    return _module(feed).check(feed)


def _module(feed: Feed) -> Any:
    kind = str(feed.source["kind"])
    if kind not in KINDS:
        raise TerminalError(f"feed {feed.name} is not pulled: its source is {kind}")
    return importlib.import_module(KINDS[kind])
