"""JSON for programs, tables on a terminal: every column as wide as its widest cell, Chinese characters counted as two."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any


def width(text: str) -> int:
    """Columns that ``text`` takes on a terminal: Chinese characters take two."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def print_json(content: Any) -> None:
    """Write ``content`` to standard output; dates as ISO."""
    print(json.dumps(content, ensure_ascii=False, indent=1, default=str))


def progress(line: str) -> None:
    """Say on standard error how far a long work has come."""
    print(line, file=sys.stderr, flush=True)


def print_table(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print ``rows`` under ``names``; None is blank."""
    cells = [["" if value is None else str(value) for value in row] for row in rows]
    widths = [max([width(name), *(width(row[index]) for row in cells)]) for index, name in enumerate(names)]

    def line(row: Sequence[str]) -> str:
        return "  ".join(cell + " " * (size - width(cell)) for cell, size in zip(row, widths, strict=True)).rstrip()

    print(line(names))
    print("  ".join("-" * size for size in widths))
    for row in cells:
        sys.stdout.write(line(row) + "\n")
