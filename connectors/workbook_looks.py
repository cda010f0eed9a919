"""What the workbook parser does not tell: error cells, hidden rows, formulas without a result. One look per kind of file.

Imports the standard library only: it runs inside the limited child process (:mod:`connectors.workbook_child`).
"""

from __future__ import annotations

import os
import re
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree import ElementTree

PART_CHUNK = 1 << 20
ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}
_ERROR_CELL = re.compile(
    rb'<c r="([A-Z]{1,3})(\d{1,7})"[^>]{0,80}? t="e"[^>]{0,80}>.{0,2000}?<v>(#[^<]{1,20})</v></c>', re.DOTALL
)
_HIDDEN_ROW = re.compile(rb'<row [^>]{0,400}?hidden="(?:1|true)"')
_UNCALCULATED = re.compile(rb"</f></c>|<f>[^<]{0,2000}</f><v/></c>|<f>[^<]{0,2000}</f><v></v></c>")
_END_OF_CHAIN = 0xFFFFFFFA


@dataclass
class Look:
    """``errors``: (row, column), 0-based → ``#DIV/0!``; rows that are hidden; formulas without a result."""

    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    hidden: int = 0
    empty: int = 0


def looks(path: str, kind: str) -> dict[int, Look]:
    """Sheet number → what there is to say. A file whose structure this does not understand has nothing said about it."""
    try:
        if kind == "xls":
            with open(path, "rb") as source:
                return _xls(source.read())
        with zipfile.ZipFile(path) as package:
            return {"xlsx": _xlsx, "xlsb": _xlsb, "ods": _ods}[kind](package)
    except (struct.error, IndexError, KeyError, ElementTree.ParseError, UnicodeError):
        return {}


# ---- xlsx -----------------------------------------------------------------------------------------------------------


def _targets(package: zipfile.ZipFile, part: str) -> dict[str, str]:
    """Relation id → part name."""
    found: dict[str, str] = {}
    for item in ElementTree.fromstring(package.read(f"xl/_rels/{part}.rels")):
        target = str(item.get("Target"))
        found[str(item.get("Id"))] = target.lstrip("/") if target.startswith("/") else os.path.normpath(f"xl/{target}")
    return found


def _xlsx(package: zipfile.ZipFile) -> dict[int, Look]:
    targets = _targets(package, "workbook.xml")
    found: dict[int, Look] = {}
    sheets = (
        item for item in ElementTree.fromstring(package.read("xl/workbook.xml")).iter() if item.tag.endswith("}sheet")
    )
    for number, item in enumerate(sheets):
        relation = next((value for key, value in item.attrib.items() if key.endswith("}id")), "")
        part = targets.get(relation, "")
        if part in package.namelist():
            found[number] = _xlsx_sheet(package, part)
    return found


def _xlsx_sheet(package: zipfile.ZipFile, part: str) -> Look:
    look = Look()
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
                    look.errors[int(found[2]) - 1, column - 1] = found[3].decode("ascii", "replace")
            look.hidden += len(_HIDDEN_ROW.findall(data))
            if b"</f><" in data:
                look.empty += len(_UNCALCULATED.findall(data))
    return look


# ---- xlsb: BIFF12 records in a zip package --------------------------------------------------------------------------


def _biff12(data: bytes) -> Iterator[tuple[int, bytes]]:
    place = 0
    while place < len(data):
        kind = data[place]
        place += 1
        if kind & 0x80:
            kind = (kind & 0x7F) | (data[place] & 0x7F) << 7
            place += 1
        size = shift = 0
        while True:
            byte = data[place]
            place += 1
            size |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80 or shift > 21:
                break
        yield kind, data[place : place + size]
        place += size


def _xlsb(package: zipfile.ZipFile) -> dict[int, Look]:
    targets = _targets(package, "workbook.bin")
    found: dict[int, Look] = {}
    number = 0
    for kind, body in _biff12(package.read("xl/workbook.bin")):
        if kind == 156:  # BrtBundleSh: state, tab id, relation id, name
            length = struct.unpack_from("<I", body, 8)[0]
            part = targets.get(body[12 : 12 + 2 * length].decode("utf-16-le"), "")
            if part in package.namelist():
                found[number] = _xlsb_sheet(package.read(part))
            number += 1
    return found


def _xlsb_sheet(data: bytes) -> Look:
    look = Look()
    row = 0
    for kind, body in _biff12(data):
        if kind == 0:  # BrtRowHdr
            row = struct.unpack_from("<I", body)[0]
            look.hidden += bool(body[11] & 0x10)
        elif kind in (3, 11):  # BrtCellError, BrtFmlaError
            look.errors[row, struct.unpack_from("<I", body)[0]] = ERRORS.get(body[8], "#N/A")
    return look


# ---- ods ------------------------------------------------------------------------------------------------------------


def _ods(package: zipfile.ZipFile) -> dict[int, Look]:
    found: dict[int, Look] = {}
    number, row, column, repeated = -1, 0, 0, 1
    look = Look()
    with package.open("content.xml") as stream:
        for event, item in ElementTree.iterparse(stream, ("start", "end")):
            tag = item.tag.rpartition("}")[2]
            if event == "start":
                if tag == "table":
                    number, row = number + 1, 0
                    look = found[number] = Look()
                elif tag == "table-row":
                    column = 0
                    repeated = int(_attribute(item, "number-rows-repeated") or 1)
                    look.hidden += (
                        repeated * (_attribute(item, "visibility") in ("collapse", "filter"))
                        if repeated < 10_000
                        else 0
                    )
            elif tag in ("table-cell", "covered-table-cell"):
                if (
                    item.get("{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}value-type")
                    == "error"
                ):
                    look.errors[row, column] = "".join(item.itertext()) or "#N/A"
                column += int(_attribute(item, "number-columns-repeated") or 1)
            elif tag == "table-row":
                row += repeated
                item.clear()
    return found


def _attribute(item: ElementTree.Element, name: str) -> str | None:
    return item.get(f"{{urn:oasis:names:tc:opendocument:xmlns:table:1.0}}{name}")


# ---- xls: BIFF8 records in an OLE container -------------------------------------------------------------------------


def _ole_stream(data: bytes) -> bytes:
    """The Workbook stream of a container, or the data themselves where there is no container."""
    if not data.startswith(b"\xd0\xcf\x11\xe0"):
        return data
    sector, mini_sector = 1 << struct.unpack_from("<H", data, 30)[0], 1 << struct.unpack_from("<H", data, 32)[0]
    directory, cutoff, mini_start = (struct.unpack_from("<I", data, place)[0] for place in (48, 56, 60))
    tables = list(struct.unpack_from("<109I", data, 76))
    extra = struct.unpack_from("<I", data, 68)[0]

    def at(number: int) -> bytes:
        return data[(number + 1) * sector : (number + 2) * sector]

    seen: set[int] = set()
    while extra < _END_OF_CHAIN and extra not in seen:
        seen.add(extra)
        *more, extra = struct.unpack(f"<{sector // 4}I", at(extra))
        tables += more
    fat: list[int] = []
    for number in tables:
        if number < _END_OF_CHAIN:
            fat += struct.unpack(f"<{sector // 4}I", at(number))

    def chain(start: int, table: list[int]) -> Iterator[int]:
        left = len(table)
        while start < _END_OF_CHAIN and left:
            yield start
            start = table[start]
            left -= 1

    entries = b"".join(map(at, chain(directory, fat)))
    root = struct.unpack_from("<I", entries, 116)[0]
    for place in range(0, len(entries) - 127, 128):
        name = entries[place : place + 64].decode("utf-16-le", "ignore").split("\0")[0]
        if name in ("Workbook", "Book"):
            start, size = struct.unpack_from("<II", entries, place + 116)
            if size >= cutoff:
                return b"".join(map(at, chain(start, fat)))[:size]
            mini = b"".join(map(at, chain(root, fat)))
            raw = b"".join(map(at, chain(mini_start, fat)))
            table = list(struct.unpack(f"<{len(raw) // 4}I", raw))
            return b"".join(mini[n * mini_sector : (n + 1) * mini_sector] for n in chain(start, table))[:size]
    return b""


def _biff8(data: bytes, place: int) -> Iterator[tuple[int, bytes]]:
    while place + 4 <= len(data):
        kind, size = struct.unpack_from("<HH", data, place)
        yield kind, data[place + 4 : place + 4 + size]
        place += 4 + size


def _xls(data: bytes) -> dict[int, Look]:
    stream = _ole_stream(data)
    found: dict[int, Look] = {}
    starts: list[int] = []
    for kind, body in _biff8(stream, 0):
        if kind == 0x85:  # BOUNDSHEET
            starts.append(struct.unpack_from("<I", body)[0])
        elif kind == 0x0A:
            break
    for number, start in enumerate(starts):
        look = found[number] = Look()
        depth = 0
        for kind, body in _biff8(stream, start):
            if kind == 0x809:
                depth += 1
            elif kind == 0x0A:
                depth -= 1
                if depth <= 0:
                    break
            elif depth != 1:
                continue
            elif kind == 0x208:  # ROW
                look.hidden += bool(body[12] & 0x20)
            elif kind == 0x205 and body[7]:  # BOOLERR
                look.errors[struct.unpack_from("<HH", body)] = ERRORS.get(body[6], "#N/A")
            elif kind == 0x06 and body[12:14] == b"\xff\xff" and body[6] == 2:  # FORMULA whose result is an error
                look.errors[struct.unpack_from("<HH", body)] = ERRORS.get(body[8], "#N/A")
    return found
