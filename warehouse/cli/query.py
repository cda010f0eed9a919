"""``fupin query``: SQL on a published snapshot, read-only and shut in: no files, no network, no settings."""

from __future__ import annotations

import csv
import datetime as dt
import json
import math
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

import duckdb

from connectors import settings
from connectors.errors import TerminalError
from connectors.quoting import literal
from warehouse.batch import BEIJING
from warehouse.cli.tables import width
from warehouse.publish import past_file
from warehouse.publish.snapshot import DATABASE, published, snapshots

TABLE_ROWS = 10_000
CHUNK = 10_000


def _day(text: str | dt.date, option: str) -> dt.date:
    try:
        return text if isinstance(text, dt.date) else dt.date.fromisoformat(text)
    except ValueError:
        raise TerminalError(f"{option} 应为日期，如 2019-06-30 / {option} must be a date like 2019-06-30") from None


def find_snapshot(home: Path, as_of: str | dt.date | None = None, known_on: str | dt.date | None = None) -> Path:
    """Folder of the current snapshot, or of the newest one whose data are not later than ``as_of`` (published last, if several), among
    those that had been published when the day ``known_on`` ended.

    Raises TerminalError with a plain sentence when there is none. The folder is resolved once: a later publication does not
    change what is being read.
    """
    base = published(home)
    if as_of is None and known_on is None:
        current = base / "current"
        if not current.exists():
            raise TerminalError("还没有发布过数据 / nothing has been published yet (fupin publish)")
        return current.resolve()
    day = dt.date.max if as_of is None else _day(as_of, "--as-of")
    known = [head for head in snapshots(base) if head.get("as_of")]
    if known_on is not None:
        end = dt.datetime.combine(_day(known_on, "--known-on"), dt.time.max, dt.UTC) - BEIJING
        known = [head for head in known if dt.datetime.fromisoformat(str(head["published_at"])) <= end]
    found = [head for head in known if str(head["as_of"]) <= day.isoformat()]
    if not found:
        first = f"；最早的是 {min(str(head['as_of']) for head in known)}" if known else ""
        if as_of is None:
            raise TerminalError(f"到 {known_on} 为止没有发布过数据 / nothing had been published by {known_on}")
        raise TerminalError(f"没有 {day} 或更早的发布{first} / no snapshot holds data as of {day} or earlier")
    best = max(found, key=lambda head: (str(head["as_of"]), str(head.get("published_at")), head["snapshot_id"]))
    return base / str(best["snapshot_id"])


def connect(folder: Path) -> duckdb.DuckDBPyConnection:
    """A read-only connection to a snapshot, from which nothing else can be reached: its statistics, and its history under ``core``."""
    con = duckdb.connect(
        str(folder / DATABASE),
        read_only=True,
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "memory_limit": settings.get("query_memory_limit", "2GB") or "2GB",
        },
    )
    # Snapshots of former versions have no history.
    if (folder / past_file.DATABASE).exists():
        con.execute(f"ATTACH {literal(str(folder / past_file.DATABASE))} AS {past_file.CATALOG} (READ_ONLY)")
        con.execute(f"SET search_path = '{Path(DATABASE).stem}.main,{past_file.CATALOG}.core'")
    con.execute("SET enable_external_access = false")
    con.execute("SET lock_configuration = true")
    return con


def run(
    sql: str, as_of: str | None = None, fmt: str = "table", out: TextIO | None = None, known_on: str | None = None
) -> int:
    """Run one SQL text on a snapshot and write the result to ``out`` as ``table``, ``csv``, ``excel`` (CSV behind a byte order mark) or ``json``; returns 0.

    Raises TerminalError in one line for a wrong query, date or missing snapshot.
    """
    import sys

    target = out or sys.stdout
    with connect(find_snapshot(settings.home(), as_of, known_on)) as con:
        try:
            cursor = con.execute(sql)
            names = [column[0] for column in cursor.description or ()]
            if fmt in ("csv", "excel"):
                # Excel takes a CSV without the mark for GBK.
                target.write("\ufeff" if fmt == "excel" else "")
                _csv(cursor, names, target)
            elif fmt == "json":
                _json(cursor, names, target)
            else:
                write_table(cursor, names, target)
        except duckdb.Error as error:
            raise TerminalError(f"查询出错 / the query failed: {one_line(error)}") from None
    return 0


def one_line(error: duckdb.Error) -> str:
    """A snapshot holds nothing secret, so the reason may be told; the rest of DuckDB's message is layout."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    hint = next((line for line in lines[1:] if line.startswith(("Did you mean", "Candidate bindings"))), "")
    return " ".join(filter(None, (lines[0] if lines else type(error).__name__, hint)))[:500]


def _chunks(cursor: duckdb.DuckDBPyConnection) -> Iterator[list[tuple[Any, ...]]]:
    while rows := cursor.fetchmany(CHUNK):
        yield rows


def _csv(cursor: duckdb.DuckDBPyConnection, names: Sequence[str], out: TextIO) -> None:
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    for rows in _chunks(cursor):
        writer.writerows(
            [_inert(_text(value)) if isinstance(value, str) else _text(value) for value in row] for row in rows
        )


def _inert(text: str) -> str:
    """A spreadsheet would run a cell that begins like a formula."""
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        # JSON has one kind of number; what it cannot hold exactly goes as text.
        number = int(value) if value == value.to_integral_value() else float(value)
        return number if Decimal(repr(number)) == value else str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def _json(cursor: duckdb.DuckDBPyConnection, names: Sequence[str], out: TextIO) -> None:
    separator = "["
    for rows in _chunks(cursor):
        for row in rows:
            out.write(
                separator + "\n" + json.dumps(dict(zip(names, map(_plain, row), strict=True)), ensure_ascii=False)
            )
            separator = ","
    out.write("[]\n" if separator == "[" else "\n]\n")


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value)


def write_table(cursor: duckdb.DuckDBPyConnection, names: Sequence[str], out: TextIO) -> None:
    rows = cursor.fetchmany(TABLE_ROWS)
    more = bool(rows) and len(rows) == TABLE_ROWS and cursor.fetchone() is not None
    numeric = [
        all(isinstance(row[i], (int, float, Decimal)) or row[i] is None for row in rows) and bool(rows)
        for i in range(len(names))
    ]
    cells = [[_text(value).replace("\n", " ") for value in row] for row in rows]
    widths = [max([width(name), *(width(row[i]) for row in cells)]) for i, name in enumerate(names)]

    def line(texts: Sequence[str]) -> str:
        padded = (
            " " * (size - width(text)) + text if right else text + " " * (size - width(text))
            for text, size, right in zip(texts, widths, numeric, strict=True)
        )
        return "  ".join(padded).rstrip()

    if names:
        out.write(line(list(names)) + "\n" + "  ".join("-" * size for size in widths) + "\n")
    for row in cells:
        out.write(line(row) + "\n")
    out.write(f"({len(rows)}{'+' if more else ''} 行 rows{'；其余请用 --format csv' if more else ''})\n")
