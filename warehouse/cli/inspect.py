"""``fupin inspect``: what a file would become, told before anybody delivers it.

The file goes through reading, staging and validation like a real batch, in a folder that is gone afterwards; warehouse, inbox
and ledger are not touched, so nothing is compared with earlier deliveries. This is the one place where cells of rows are shown:
to whoever has the file anyway, on that person's own terminal, and only with ``--json``.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import duckdb

from connectors import disk, settings
from connectors.errors import scrubbed
from connectors.feed import Feed
from connectors.files import read_file
from connectors.reading import Reading, shown
from expectations.parquet import parquet_sql
from expectations.stage import rows_sql
from warehouse import keys
from warehouse.batch import Batch, utc_now
from warehouse.cli.tables import print_table
from warehouse.feedback.reasons import Explainer
from warehouse.organising import organise
from warehouse.scratch import setting, temporary

CHUNK = 2_000
FACTS = (
    "format",
    "encoding",
    "delimiter",
    "quote",
    "sheet",
    "header_row",
    "first_row",
    "units",
    "undeclared",
    "parts",
    "correction_of",
    "delta",
    "notes",
)
COUNTS = ("rows_read", "rows_landed", "rows_quarantined", "rows_skipped")


@dataclass
class Found:
    """One batch that the file would become: its reading, and its folder if there is a feed for it."""

    reading: Reading
    feed: Feed | None = None
    batch: Batch | None = None

    @property
    def problems(self) -> list[dict[str, str]]:
        return list((self.batch.data.get("problems") if self.batch else None) or self.reading.problems)

    def facts(self) -> dict[str, Any]:
        """Everything about the file but its rows; header cells as messages may show them."""
        seen = self.reading.to_json()
        data: dict[str, Any] = self.batch.data if self.batch else {}
        facts: dict[str, Any] = {
            "feed": self.reading.feed,
            "feed_title": self.feed.title if self.feed else None,
            "department": self.feed.department if self.feed else None,
            "state": data.get("state", "blocked"),
            "problems": self.problems,
            "as_of": data.get("as_of") or self.reading.as_of,
            "as_of_source": data.get("as_of_source") or self.reading.as_of_source,
            **{name: seen[name] for name in FACTS},
            "header": [shown(cell) for cell in self.reading.header],
            "columns": {name: shown(self.reading.header[index]) for name, index in self.reading.mapping.items()},
            **{name: data.get(name, 0) for name in COUNTS},
            "skipped": data.get("skipped", []),
            "warnings": data.get("warnings", []),
        }
        return facts

    def where(self, row: int) -> str | None:
        """Sheet or file and the row's number in it, if several were put together."""
        for part in self.reading.parts:
            if part["first"] <= row <= part["last"]:
                return f"{part['label']} 第 {row - part['first'] + part['source_first']} 行"
        return None

    def rows(self) -> Iterator[dict[str, Any]]:
        """The rows that would land, typed: ``{row, where, values}``; none of a file that would be refused."""
        if self.batch is None or self.batch.state != "validated":
            return
        names = [name for name in (column.name for column in self.feed.columns) if name in self.batch.data["present"]]  # type: ignore[union-attr]
        wanted = ", ".join(f'"{name}"' for name in names)
        refused = (
            f" WHERE _row NOT IN (SELECT _row FROM {parquet_sql(self.batch.rejects)})"
            if self.batch.rejects.exists()
            else ""
        )
        with duckdb.connect() as con:
            keys.unlock(con, settings.home())
            cursor = con.execute(f"SELECT _row, {wanted} FROM ({rows_sql(self.batch.folder)}){refused} ORDER BY _row")
            while chunk := cursor.fetchmany(CHUNK):
                for row, *values in chunk:
                    yield {"row": row, "where": self.where(row), "values": dict(zip(names, values, strict=True))}

    def rejected(self) -> Iterator[dict[str, Any]]:
        """The rows that would be sent back: ``{row, where, reasons, cells}``, cells by the file's own headers."""
        if self.batch is None or self.feed is None or not self.batch.rejects.exists():
            return
        explainer = Explainer(self.feed, {})
        header = self.reading.header
        with duckdb.connect() as con:
            keys.unlock(con, settings.home())
            cursor = con.execute(f"SELECT _row, reasons, cells FROM {parquet_sql(self.batch.rejects)} ORDER BY _row")
            while chunk := cursor.fetchmany(CHUNK):
                for row, reasons, cells in chunk:
                    told = [
                        {**reason, "message": explainer.explain(reason["code"], reason["column"], reason["rule"]).full}
                        for reason in reasons
                    ]
                    named = [
                        header[index] if index < len(header) and header[index] else f"#{index + 1}"
                        for index in range(len(cells or []))
                    ]
                    yield {
                        "row": row,
                        "where": self.where(row),
                        "reasons": told,
                        "cells": dict(zip(named, cells or [], strict=True)),
                    }

    def reasons(self) -> list[tuple[Any, ...]]:
        """(code, column, rows, first row, what to do) of all rejected rows, commonest first."""
        if self.batch is None or self.feed is None or not self.batch.rejects.exists():
            return []
        explainer = Explainer(self.feed, {})
        with duckdb.connect() as con:
            keys.unlock(con, settings.home())
            found = con.execute(
                'SELECT r.code, r."column", r.rule, count(DISTINCT _row) AS n, min(_row) AS first FROM '
                f"(SELECT _row, unnest(reasons) AS r FROM {parquet_sql(self.batch.rejects)}) GROUP BY ALL ORDER BY n DESC, first, 1, 2"
            ).fetchall()
        return [
            (code, column, count, first, explainer.explain(code, column, rule).full)
            for code, column, rule, count, first in found
        ]


@dataclass
class Inspection:
    """A file and the batches it would become."""

    file: str
    sha256: str
    size_bytes: int
    batches: list[Found] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return not any(found.problems for found in self.batches)


@contextmanager
def inspected(path: Path, feeds: Sequence[Feed]) -> Iterator[Inspection]:
    """Take ``path`` through reading, staging and validation in a folder that lives as long as the block."""
    log = logging.getLogger("fupin")
    level = log.level
    base = Path(tempfile.gettempdir()) / f"fupin-inspect-{os.getuid()}"
    try:
        # Staging sees nothing outside this folder of a data root; spill files and everything else that a batch leaves go there too, under
        # a key that is nowhere else.
        with temporary(base) as root, setting(home=str(root), landing_key=secrets.token_hex(32)):
            log.setLevel(logging.ERROR)
            yield _inspect(path, feeds, root / "landing")
    finally:
        log.setLevel(level)
        # Another process may have its own folder there.
        with suppress(OSError):
            base.rmdir()


@scrubbed
def _inspect(path: Path, feeds: Sequence[Feed], landing: Path) -> Inspection:
    first = _folder(path, landing / "first")
    reading = read_file(first / "source.bin", path.name, feeds, first)
    seen = Inspection(path.name, reading.sha256, reading.size_bytes)
    if not reading.several:
        seen.batches.append(_batch(path, reading, feeds, first))
    for only in reading.several:
        folder = _folder(path, landing / only)
        seen.batches.append(
            _batch(path, read_file(folder / "source.bin", path.name, feeds, folder, only=only), feeds, folder)
        )
    return seen


def _folder(path: Path, folder: Path) -> Path:
    """A batch folder whose source is the file itself, under a name that says nothing about its kind."""
    folder = folder / "batch"
    folder.mkdir(parents=True, mode=0o700)
    # DuckDB's jail follows symbolic links; a hard link costs nothing where the file is ours and on the same disk.
    disk.link_or_copy(path.resolve(), folder / "source.bin")
    return folder


def _batch(path: Path, reading: Reading, feeds: Sequence[Feed], folder: Path) -> Found:
    feed = next((feed for feed in feeds if feed.name == reading.feed), None)
    if feed is None:
        return Found(reading)
    batch = Batch(folder, {
        "batch_id": reading.sha256[:16], "feed": feed.name, "department": feed.department, "original_name": path.name,
        "sha256": reading.sha256, "size_bytes": reading.size_bytes, "source": "source.bin", "received_at": utc_now(),
        "state": "received", "reading": reading.to_json(), "accepted": True,
    })  # fmt: skip
    organise(batch, feed)
    # A second, careful reading may have replaced the first.
    return Found(Reading.from_json(batch.data["reading"]), feed, batch)


def write_json(seen: Inspection, out: TextIO) -> None:
    """One JSON document, written row by row: a file may have millions."""

    def text(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, default=str)

    head = {"file": seen.file, "sha256": seen.sha256, "size_bytes": seen.size_bytes}
    out.write(text(head)[:-1] + ', "batches": [')
    for number, found in enumerate(seen.batches):
        out.write((",\n" if number else "\n") + text(found.facts())[:-1])
        for name, rows in (("rows", found.rows()), ("rejected", found.rejected())):
            out.write(f', "{name}": [')
            for index, row in enumerate(rows):
                out.write((",\n  " if index else "\n  ") + text(row))
            out.write("]")
        out.write("}")
    out.write("]}\n")


def write_tables(seen: Inspection) -> None:
    """What was understood and why, for people; no cell of a row."""
    for found in seen.batches:
        facts = found.facts()
        lines: list[list[Any]] = [
            ["file", seen.file],
            ["feed", f"{facts['feed']} {facts['feed_title']}" if found.feed else "not recognised"],
        ]
        lines += [["refused because", f"{problem['code']}: {problem['message']}"] for problem in facts["problems"]]
        text = ("encoding", "delimiter", "quote") if facts["format"] == "csv" else ("sheet",)
        plain = ("department", "format", *text, "header_row", "as_of", "as_of_source", "delta")
        lines += [[name, facts[name]] for name in plain if facts[name] not in (None, "", False)]
        lines += [["column", f"{header} → {name}" + (f" ({facts['units'][name]})" if name in facts["units"] else "")]
                  for name, header in facts["columns"].items()]  # fmt: skip
        lines += [["not taken", header] for header in facts["undeclared"]]
        lines += [["note", note] for note in facts["notes"]]
        lines += [["warning", warning.get("message") or warning.get("rule")] for warning in facts["warnings"]]
        lines += [[name, facts[name]] for name in COUNTS]
        print_table(("what", "understood"), lines)
        if reasons := found.reasons():
            print()
            print_table(("code", "column", "rows", "first row", "what to do"), reasons)
        print()
