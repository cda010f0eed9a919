"""What the reader found out about a delivered file, as plain data: no cell of a data row is in it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

HEADER_CHARACTERS = 40
# What the reader or a pull writes beside the source for DuckDB to read.
OWN_TEXTS = ("text.csv", "text.parquet")
_LONG_NUMBER = re.compile(r"\d{15,}")


def shown(text: str) -> str:
    """A header cell as a message may show it: one short line, and nothing that could be an id or an account."""
    line = " ".join(text.split())
    if _LONG_NUMBER.search(line):
        return "（略）"
    line = "".join(character for character in line if character.isprintable())
    return line if len(line) <= HEADER_CHARACTERS else line[:HEADER_CHARACTERS] + "…"


def listed(texts: Iterable[str], limit: int = 60) -> str:
    """Header cells as one Chinese enumeration, empty ones left out."""
    cells = [shown(text) for text in texts if text.strip()]
    return "、".join(cells[:limit]) + (f" 等 {len(cells)} 列" if len(cells) > limit else "")


class Problem(Exception):
    """A reason to refuse a whole file; ``code`` is stable, the message is Chinese and names no value of a row."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message

    @property
    def entry(self) -> dict[str, str]:
        return {"code": self.code, "message": self.message}


@dataclass
class Reading:
    """How a file is to be read. Row numbers are the sender's: 1-based, a quoted line break does not start a new row.

    ``text_path`` is what DuckDB reads (:func:`connectors.reader.reader_sql`): the source itself, or ``text.csv`` beside it.
    It holds ``rows`` records of ``len(header)`` cells behind ``skip`` lines and never a blank or broken line.
    ``gaps`` are blank rows; structurally broken rows stand in ``structure_path`` (:func:`connectors.reader.structure_sql`).
    ``parts``: the sheets or files that were put together, ``{label, first, last, source_first}`` in numbers of this reading; the last
    column then says where a row stood. ``several``: the feeds whose tables the file holds, if more than one (nothing else is filled in
    then). ``titles``: rows above the data that printed pages repeat: titles of one or two cells, both levels of a header.
    ``delta``: only what changed, and who is not in it is not gone (:mod:`connectors.increments`).
    ``problems`` is every reason to block the file; ``notes`` is what was assumed, both Chinese.
    """

    feed: str | None = None
    format: str = "csv"
    suffix: str = ".csv"
    sha256: str = ""
    size_bytes: int = 0
    encoding: str = ""
    delimiter: str = ","
    quote: str = '"'
    sheet: str | None = None
    header_row: int = 0
    header: list[str] = field(default_factory=list)
    text_path: str = ""
    text_delimiter: str = ","
    text_quote: str = '"'
    skip: int = 0
    first_row: int = 1
    rows: int = 0
    gaps: list[int] = field(default_factory=list)
    structure_path: str | None = None
    structure_rows: int = 0
    parts: list[dict[str, Any]] = field(default_factory=list)
    several: list[str] = field(default_factory=list)
    titles: list[list[str]] = field(default_factory=list)
    mapping: dict[str, int] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    undeclared: list[str] = field(default_factory=list)
    as_of: str | None = None
    as_of_source: str | None = None
    correction_of: str | None = None
    delta: bool = False
    notes: list[str] = field(default_factory=list)
    problems: list[dict[str, str]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Reading:
        return cls(**{key: value for key, value in data.items() if key in cls.__dataclass_fields__})

    def relocate(self, folder: Path, source: Path) -> None:
        """Correct the paths after the working folder became ``folder`` and the delivered file ``source``."""
        if self.text_path:
            own = Path(self.text_path).name
            self.text_path = str(folder / own if own in OWN_TEXTS else source)
        if self.structure_path:
            self.structure_path = str(folder / Path(self.structure_path).name)

    def refuse(self, problem: Problem) -> None:
        if problem.entry not in self.problems:
            self.problems.append(problem.entry)
