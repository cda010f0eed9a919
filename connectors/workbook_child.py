"""Reads one workbook in a process of its own: ``python -I workbook_child.py WORKBOOK FOLDER MEMORY CPU_SECONDS MAX_CELLS``.

A workbook of 5 KB can make its reader ask for all memory or abort, which no ``except`` survives; here it takes down
only this process, within limits set before the file is opened. Every visible sheet with cells becomes ``sheet-N.csv`` (UTF-8,
row numbers as in the sheet); one JSON line on stdout says what was found. Cell texts go nowhere else.

Imports nothing of this project, so that it starts in a tenth of a second. Exit codes: 0 done, 3 password, 4 damaged, 5 too large.
"""

import csv
import datetime
import json
import os
import re
import resource
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from itertools import islice
from typing import Any, TextIO
from xml.etree import ElementTree

PASSWORD, DAMAGED, TOO_LARGE = 3, 4, 5
ROWS_AT_ONCE = 2000
# From 16 digits on a number cell has lost its last digits: written as Excel shows it, so that nobody takes it for an id.
LOSSY = 1e15
PART_CHUNK = 1 << 20
_ERROR_CELL = re.compile(
    rb'<c r="([A-Z]{1,3})(\d{1,7})"[^>]{0,80}? t="e"[^>]{0,80}>.{0,2000}?<v>(#[^<]{1,20})</v></c>', re.DOTALL
)
_HIDDEN_ROW = re.compile(rb'<row [^>]{0,400}?hidden="(?:1|true)"')
_UNCALCULATED = re.compile(rb"</f></c>|<f>[^<]{0,2000}</f><v/></c>|<f>[^<]{0,2000}</f><v></v></c>")


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


def sheet_parts(package: zipfile.ZipFile) -> dict[str, str]:
    """Sheet name → part name, from the workbook's own relations."""
    relations = ElementTree.fromstring(package.read("xl/_rels/workbook.xml.rels"))
    targets = {item.get("Id"): str(item.get("Target")) for item in relations}
    parts: dict[str, str] = {}
    for item in ElementTree.fromstring(package.read("xl/workbook.xml")).iter():
        if item.tag.endswith("}sheet"):
            identifier = next((value for key, value in item.attrib.items() if key.endswith("}id")), None)
            target = targets.get(identifier, "")
            parts[str(item.get("name"))] = (
                target.lstrip("/") if target.startswith("/") else os.path.normpath(f"xl/{target}")
            )
    return parts


def look_through(package: zipfile.ZipFile, part: str) -> tuple[dict[tuple[int, int], str], int, int]:
    """What the reader does not tell: error cells ((row, column), 0-based → #DIV/0!), hidden rows, formulas without a result."""
    errors: dict[tuple[int, int], str] = {}
    hidden = empty = 0
    tail = b""
    with package.open(part) as stream:
        while chunk := stream.read(PART_CHUNK):
            data = tail + chunk
            # Cut behind a whole row, so that nothing is seen twice.
            cut = data.rfind(b"</row>") + 6
            if cut < 6 and len(data) < 8 * PART_CHUNK:
                tail = data
                continue
            data, tail = (data[:cut], data[cut:]) if cut >= 6 else (data, b"")
            if b't="e"' in data:
                for found in _ERROR_CELL.finditer(data):
                    column = 0
                    for letter in found[1]:
                        column = 26 * column + letter - 64
                    errors[int(found[2]) - 1, column - 1] = found[3].decode("ascii", "replace")
            hidden += len(_HIDDEN_ROW.findall(data))
            if b"</f><" in data:
                empty += len(_UNCALCULATED.findall(data))
    return errors, hidden, empty


def main(path: str, folder: str, memory: int, seconds: int, cells: int) -> int:
    limit(memory, seconds)
    import python_calamine as calamine

    try:
        book = calamine.CalamineWorkbook.from_path(path)
        package = zipfile.ZipFile(path)
        parts = sheet_parts(package)
        found = []
        for number, meta in enumerate(book.sheets_metadata):
            visible = meta.visible == calamine.SheetVisibleEnum.Visible
            entry: dict[str, Any] = {"name": meta.name, "visible": visible, "file": None, "rows": 0}
            found.append(entry)
            if not visible or meta.typ != calamine.SheetTypeEnum.WorkSheet:
                continue
            sheet = book.get_sheet_by_name(meta.name)
            if sheet.end is None:
                continue
            # The range starts at the first used cell, the rows come from the sheet's first row on.
            if (sheet.end[0] + 1) * (sheet.end[1] + 1) > cells:
                return TOO_LARGE
            part = parts.get(meta.name)
            errors, hidden, empty = look_through(package, part) if part in package.namelist() else ({}, 0, 0)
            name = f"sheet-{number}.csv"
            handle = os.open(os.path.join(folder, name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
            with open(handle, "w", encoding="utf-8", newline="", errors="strict") as out:
                entry |= {
                    "rows": write_sheet(sheet.iter_rows(), out, errors),
                    "file": name,
                    "hidden_rows": hidden,
                    "empty_formulas": empty,
                }
        print(json.dumps({"sheets": found}))
    except calamine.PasswordError:
        return PASSWORD
    except MemoryError:
        return TOO_LARGE
    except BaseException:  # also pyo3's PanicException, which is no Exception
        return DAMAGED
    return 0


if __name__ == "__main__":
    code = main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6]))
    sys.stdout.flush()
    # A panic may have left the interpreter in no state to shut down.
    os._exit(code)
