"""Tables that programs save as ``.xls`` although they are markup: HTML pages and XML spreadsheets (SpreadsheetML 2003).

Imports the standard library only: it runs inside the limited child process (:mod:`connectors.workbook_child`). A cell that
spans several places stands in the first one, as in a spreadsheet; the others are blank.
"""

from __future__ import annotations

import codecs
import math
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

MAX_SPAN = 1_000
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([\w-]{2,20})", re.IGNORECASE)
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_SKIPPED = {"script", "style", "head", "title", "template"}
_BREAKS = {"br", "p", "div", "li"}
_OFFICE = "{urn:schemas-microsoft-com:office:spreadsheet}"


class TooManyCells(Exception):
    """The spans ask for more cells than a table may have."""


@dataclass
class Table:
    """One table: ``rows`` of texts or numbers, each as wide as the widest."""

    name: str
    rows: list[list[Any]] = field(default_factory=list)
    hidden_rows: int = 0
    visible: bool = True


def decoded(content: bytes) -> str:
    """The page's text: byte-order mark, valid UTF-8, the page's own charset, else GB18030. Raises UnicodeError."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if content.startswith(mark):
            return content[len(mark) :].decode(name)
    for zero, name in ((b"<\0", "utf-16-le"), (b"\0<", "utf-16-be")):
        if content.startswith(zero):
            return content.decode(name)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        named = _CHARSET.search(content[:4096])
        charset = named[1].decode("ascii").lower() if named else ""
        if charset.startswith(("utf", "iso-8859", "windows-125")):
            charset = ""  # not true of this page, or a tool's default that no Chinese text can have
        return content.decode("big5" if charset.startswith("big5") else "gb18030")


class _Grid:
    """Rows of cells under construction; spans reserve blank places."""

    def __init__(self, name: str, cells: int) -> None:
        self.table = Table(name)
        self.taken: dict[tuple[int, int], None] = {}
        self.row = -1
        self.column = 0
        self.left = cells

    def next_row(self, hidden: bool = False) -> None:
        self.row += 1
        self.column = 0
        self.table.rows.append([])
        self.table.hidden_rows += hidden

    def add(self, value: Any, across: int, down: int) -> None:
        if self.row < 0:
            self.next_row()
        row = self.table.rows[self.row]
        while self.taken.pop((self.row, self.column), "no") is None:
            self.column += 1
        self.left -= across * down
        if self.left < 0:
            raise TooManyCells
        row.extend([""] * (self.column - len(row)))
        row.extend([value, *[""] * (across - 1)])
        for below in range(1, down):
            self.taken |= dict.fromkeys((self.row + below, self.column + place) for place in range(across))
        self.column += across

    def finished(self) -> Table:
        width = max(map(len, self.table.rows), default=0)
        if width * len(self.table.rows) > 50 * max(self.left, 1_000_000):
            raise TooManyCells
        for row in self.table.rows:
            row.extend([""] * (width - len(row)))
        return self.table


class _Page(HTMLParser):
    """Every ``<table>`` becomes a table of its own; text of a table inside a cell belongs to the inner one."""

    def __init__(self, cells: int) -> None:
        super().__init__(convert_charrefs=True)
        self.cells = cells
        self.tables: list[Table] = []
        self.open: list[_Grid] = []
        self.cell: list[tuple[list[str], int, int, Any] | None] = []
        self.skipping = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "table":
            self.open.append(_Grid(f"表格{len(self.tables) + len(self.open) + 1}", self.cells))
            self.cell.append(None)
        elif tag in _SKIPPED:
            self.skipping += 1
        elif not self.open:
            return
        elif tag == "tr":
            self._close_cell()
            self.open[-1].next_row(bool(_HIDDEN.search(found.get("style", ""))) or "hidden" in found)
        elif tag in ("td", "th"):
            self._close_cell()
            self.cell[-1] = ([], _span(found.get("colspan")), _span(found.get("rowspan")), found.get("x:num"))
        elif tag in _BREAKS and self.cell[-1] is not None:
            self.cell[-1][0].append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SKIPPED:
            self.skipping = max(0, self.skipping - 1)
        elif self.open and tag in ("td", "th", "tr"):
            self._close_cell()
        elif self.open and tag == "table":
            self._close_table()

    def handle_data(self, data: str) -> None:
        if self.cell and self.cell[-1] is not None and not self.skipping:
            self.cell[-1][0].append(data)

    def close(self) -> None:
        super().close()
        while self.open:
            self._close_table()

    def _close_table(self) -> None:
        self._close_cell()
        self.cell.pop()
        self.tables.append(self.open.pop().finished())

    def _close_cell(self) -> None:
        if self.cell[-1] is None:
            return
        pieces, across, down, number = self.cell[-1]
        self.cell[-1] = None
        text = " ".join("".join(pieces).replace("\xa0", " ").split())
        value: Any = text
        if number is not None:
            # Excel's own page: the attribute holds the number behind what is shown (empty: they are the same).
            value = _number(number or text, text)
        self.open[-1].add(value, across, down)


def _number(written: str, instead: Any) -> Any:
    try:
        value = float(written)
    except ValueError:
        return instead
    return value if math.isfinite(value) else instead


def _span(text: str | None) -> int:
    return min(max(int(text), 1), MAX_SPAN) if text and re.fullmatch(r"\s*[0-9]{1,9}\s*", text) else 1


def html_tables(content: bytes, cells: int) -> list[Table]:
    """All tables of a page in the order in which they end. Raises UnicodeError, TooManyCells."""
    page = _Page(cells)
    page.feed(decoded(content))
    page.close()
    return page.tables


def xml_tables(content: bytes, cells: int) -> list[Table]:
    """The worksheets of an XML spreadsheet. Raises ElementTree.ParseError, ValueError, TooManyCells."""
    tables: list[Table] = []
    for sheet in ElementTree.fromstring(content).iter(f"{_OFFICE}Worksheet"):
        grid = _Grid(str(sheet.get(f"{_OFFICE}Name")), cells)
        grid.table.visible = not any(
            item.tag.endswith("}Visible") and (item.text or "").startswith("SheetH") for item in sheet.iter()
        )
        for row in sheet.iter(f"{_OFFICE}Row"):
            place = int(row.get(f"{_OFFICE}Index") or grid.row + 2)
            if not grid.row < place - 1 < cells:
                raise TooManyCells
            while grid.row < place - 1:
                grid.next_row()
            grid.table.hidden_rows += row.get(f"{_OFFICE}Hidden") == "1"
            for cell in row.iter(f"{_OFFICE}Cell"):
                if index := cell.get(f"{_OFFICE}Index"):
                    grid.column = max(grid.column, min(int(index) - 1, MAX_SPAN))
                across, down = (
                    min(int(cell.get(f"{_OFFICE}{name}") or 0), MAX_SPAN) + 1 for name in ("MergeAcross", "MergeDown")
                )
                grid.add(_xml_value(cell.find(f"{_OFFICE}Data")), across, down)
        tables.append(grid.finished())
    return tables


def _xml_value(data: ElementTree.Element | None) -> Any:
    if data is None:
        return ""
    text = "".join(data.itertext())
    match data.get(f"{_OFFICE}Type"):
        case "Number":
            return _number(text, text)
        case "Boolean":
            return text.strip() in ("1", "true")
        case "DateTime":
            day, _, time = text.partition("T")
            time = time.split(".")[0]
            return day if time in ("", "00:00:00") else time if day == "1899-12-31" else f"{day} {time}"
    return text
