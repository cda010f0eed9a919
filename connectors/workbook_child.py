"""Reads one workbook in a process of its own: ``python -I workbook_child.py WORKBOOK FOLDER KIND MEMORY CPU_SECONDS MAX_CELLS``.

A workbook of 5 KB can make its reader ask for all memory or abort, which no ``except`` survives; here it takes down
only this process, within limits set before the file is opened. Every visible sheet with cells becomes ``sheet-N.csv`` (UTF-8,
row numbers as in the sheet); one JSON line on stdout says what was found. Cell texts go nowhere else.

KIND is xlsx, xlsb, xls, ods, html or xml. Imports the standard library and the parser alone, so that it starts in a tenth of a
second. Exit codes: 0 done, 3 password, 4 damaged, 5 too large.
"""

import csv
import datetime
import json
import os
import resource
import sys
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from itertools import islice
from typing import Any, TextIO

PASSWORD, DAMAGED, TOO_LARGE = 3, 4, 5
ROWS_AT_ONCE = 2000
# From 16 digits on a number cell has lost its last digits: written as Excel shows it, so that nobody takes it for an id.
LOSSY = 1e15


def limit(memory: int, seconds: int) -> None:
    """Cap address space, CPU time and core dumps (a core file would hold people's data)."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))


def number_text(value: float) -> str:
    """A number as the sheet shows it: 12 not 12.0, no more than 15 digits, 2.19900190001011E+17 for a destroyed id."""
    if abs(value) >= LOSSY:
        mantissa, _, exponent = f"{value:.14E}".partition("E")
        mantissa = mantissa.rstrip("0").rstrip(".")
        return f"{mantissa}E{exponent}"
    if value == int(value):
        return str(int(value))
    text = f"{value:.15g}"
    return f"{Decimal(text):f}" if "e" in text else text


def moment_text(value: datetime.datetime) -> str:
    return value.date().isoformat() if value.time() == datetime.time() else value.isoformat(" ", "seconds")


def line_text(value: str) -> str:
    """Line breaks inside a cell become spaces: one record, one line."""
    return " ".join(value.splitlines()) if "\n" in value or "\r" in value else value


TEXT: dict[type, Callable[[Any], str]] = {
    str: line_text,
    float: number_text,
    int: lambda value: number_text(float(value)) if abs(value) >= LOSSY else str(value),
    bool: lambda value: "TRUE" if value else "FALSE",
    datetime.datetime: moment_text,
    datetime.date: lambda value: value.isoformat(),
    datetime.time: lambda value: value.isoformat("seconds"),
    datetime.timedelta: str,
}


def texts(rows: list[list[Any]]) -> Iterator[tuple[str, ...]]:
    """Rows as texts, column by column: a column of plain strings costs no Python per cell."""
    columns = []
    for column in zip(*rows, strict=True):
        kinds = set(map(type, column))
        if kinds == {str}:
            joined = "".join(column)
            columns.append(tuple(map(line_text, column)) if "\n" in joined or "\r" in joined else column)
        elif len(kinds) == 1:
            columns.append(tuple(map(TEXT.get(kinds.pop(), str), column)))
        else:
            columns.append(tuple(TEXT.get(type(value), str)(value) for value in column))
    return zip(*columns, strict=True)


def write_sheet(rows: Iterable[list[Any]], handle: TextIO, errors: dict[tuple[int, int], str]) -> int:
    """Write rows from the sheet's first row on; trailing blank rows are left out. Returns the number of rows written."""
    writer = csv.writer(handle, lineterminator="\n")
    written = blanks = 0
    source = iter(rows)
    width = 0
    while block := list(islice(source, ROWS_AT_ONCE)):
        for (row, column), text in list(errors.items()):
            if row < written + blanks + len(block):
                del errors[row, column]
                place = row - written - blanks
                if 0 <= place and column < len(block[place]):
                    block[place][column] = text
        while block and not any(cell not in ("", None) for cell in block[0]) and blanks >= 0:
            block.pop(0)
            blanks += 1
        tail = 0
        while block and not any(cell not in ("", None) for cell in block[-1]):
            block.pop()
            tail += 1
        if block:
            width = len(block[0])
            writer.writerows([[""] * width] * blanks)
            writer.writerows(texts(block))
            written += blanks + len(block)
            blanks = 0
        blanks += tail
    return written


def private(folder: str, name: str) -> TextIO:
    """A new text file that only we may read."""
    handle = os.open(os.path.join(folder, name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    return open(handle, "w", encoding="utf-8", newline="", errors="strict")


def book_sheets(path: str, folder: str, kind: str, cells: int) -> list[dict[str, Any]]:
    """Sheets of a real workbook. Raises TooManyCells, CalamineError and whatever a broken file makes the parser raise."""
    import python_calamine as calamine

    from connectors.workbook_looks import Look, looks

    found = []
    with calamine.CalamineWorkbook.from_path(path) as book:
        seen = looks(path, kind)
        for number, meta in enumerate(book.sheets_metadata):
            visible = meta.visible == calamine.SheetVisibleEnum.Visible
            entry: dict[str, Any] = {"name": meta.name, "visible": visible, "file": None, "rows": 0}
            found.append(entry)
            if not visible or meta.typ != calamine.SheetTypeEnum.WorkSheet:
                continue
            sheet = book.get_sheet_by_index(number)
            if sheet.end is None:
                continue
            # The range starts at the first used cell, the rows come from the sheet's first row on.
            if (sheet.end[0] + 1) * (sheet.end[1] + 1) > cells:
                raise MemoryError
            look = seen.get(number, Look())
            name = f"sheet-{number}.csv"
            with private(folder, name) as out:
                entry |= {
                    "rows": write_sheet(sheet.iter_rows(), out, look.errors),
                    "file": name,
                    "hidden_rows": look.hidden,
                    "empty_formulas": look.empty,
                }
    return found


def markup_sheets(path: str, folder: str, kind: str, cells: int) -> list[dict[str, Any]]:
    """Tables of a page or an XML spreadsheet that was saved as a workbook."""
    from connectors.markup import TooManyCells, html_tables, xml_tables

    with open(path, "rb") as source:
        content = source.read()
    found = []
    try:
        tables = (html_tables if kind == "html" else xml_tables)(content, cells)
    except TooManyCells:
        raise MemoryError from None
    for number, table in enumerate(tables):
        entry: dict[str, Any] = {"name": table.name, "visible": table.visible, "file": None, "rows": 0}
        found.append(entry)
        if table.visible and any(cell != "" for row in table.rows for cell in row):
            name = f"sheet-{number}.csv"
            with private(folder, name) as out:
                entry |= {"rows": write_sheet(table.rows, out, {}), "file": name, "hidden_rows": table.hidden_rows}
    return found


def main(path: str, folder: str, kind: str, memory: int, seconds: int, cells: int) -> int:
    limit(memory, seconds)
    # Isolated mode leaves the project out; what is imported from it needs the standard library alone.
    sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    try:
        found = (markup_sheets if kind in ("html", "xml") else book_sheets)(path, folder, kind, cells)
        print(json.dumps({"sheets": found}))
    except MemoryError:
        return TOO_LARGE
    except BaseException as error:  # also pyo3's PanicException, which is no Exception
        return PASSWORD if type(error).__name__ == "PasswordError" else DAMAGED
    return 0


if __name__ == "__main__":
    code = main(sys.argv[1], sys.argv[2], sys.argv[3], *map(int, sys.argv[4:7]))
    sys.stdout.flush()
    # A panic may have left the interpreter in no state to shut down.
    os._exit(code)
