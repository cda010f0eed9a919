"""Workbooks: every cell as a clerk sees it, and the hostile ones refused while the parent lives on."""

from __future__ import annotations

import datetime as dt
import struct
import time
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
import xlsxwriter

from connectors import workbook
from connectors.feed import Feed
from connectors.reading import Problem, Reading
from tests.unit.test_files_support import HEADER, MEMBERS, ROWS, codes, csv_text, feed, landed, read


def book(
    path: Path,
    sheets: Mapping[str, Sequence[Sequence[object]]],
    hidden: tuple[str, ...] = (),
    first_row: int = 0,
    first_column: int = 0,
) -> bytes:
    """A workbook with these sheets, each table beginning at the given cell."""
    made = xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"})
    for name, rows in sheets.items():
        sheet = made.add_worksheet(name)
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                if cell is not None:
                    sheet.write(first_row + number, first_column + column, cell)
        if name in hidden:
            sheet.hide()
    made.close()
    return path.read_bytes()


def altered(path: Path, changes: dict[str, bytes | None], extra: dict[str, bytes] | None = None) -> bytes:
    """A copy of a good workbook with parts replaced (None: left out) or added."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(path.with_suffix(".new"), "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            content = changes.get(item.filename, old.read(item))
            if content is not None:
                new.writestr(item.filename, content)
        for name, content in (extra or {}).items():
            new.writestr(name, content)
    return path.with_suffix(".new").read_bytes()


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.xlsx"
    book(path, {"台账": [HEADER, *ROWS]})
    return path


SHEET = "xl/worksheets/sheet1.xml"


def test_cells_are_texts_as_a_clerk_sees_them(tmp_path: Path) -> None:
    cells: list[tuple[object, str | None]] = [
        (12, "12"), (12.5, "12.5"), (0.1 + 0.2, "0.3"), (1e-7, "0.0000001"), (-3, "-3"), (13800000000, "13800000000"),
        (219900580101001, "219900580101001"), (219900195801010015, "2.1990019580101E+17"), (6.2e18, "6.2E+18"),
        ("007", "007"), (" 张 三 ", " 张 三 "), (True, "TRUE"), (False, "FALSE"), ("两\n行", "两 行"), ('a,"b"', 'a,"b"'),
        (dt.datetime(2019, 6, 30), "2019-06-30"), (dt.datetime(2019, 6, 30, 12, 30), "2019-06-30 12:30:00"), (dt.time(8, 5), "08:05:00"),
        ("", None),
    ]  # fmt: skip
    path = tmp_path / "cells.xlsx"
    made = xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"})
    sheet = made.add_worksheet()
    sheet.write_row(0, 0, HEADER)
    times = made.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    for number, (cell, _) in enumerate(cells, 1):
        sheet.write_row(number, 1, ["x", "y", "1", "1"])
        style = times if isinstance(cell, dt.time) or (isinstance(cell, dt.datetime) and cell.hour) else None
        if style is not None:
            sheet.write_datetime(number, 0, cell, style)
        else:
            sheet.write(number, 0, cell)
    sheet.write_formula(len(cells) + 1, 0, "=1/0", None, "#DIV/0!")
    sheet.write_formula(len(cells) + 2, 0, "=1+1", None, 2)
    sheet.write(len(cells) + 2, 1, "x")
    sheet.write_number(len(cells) + 3, 0, 0.0435, made.add_format({"num_format": "0.00%"}))
    made.close()
    reading = read(tmp_path, path.read_bytes())
    assert reading.problems == []
    found = [row[1] for row in landed(tmp_path, reading)]
    expected = [text for _, text in cells]
    assert found == [*expected, "#DIV/0!", "2", "0.0435"]


def test_row_numbers_are_the_sheets_wherever_the_table_begins(tmp_path: Path) -> None:
    rows: Sequence[Sequence[object]] = [
        ["北镇市贷款台账 截至2019年6月30日"],
        [],
        HEADER,
        ROWS[0],
        [],
        [],
        ROWS[1],
        [],
        ["合计", None, None, 8],
        [],
        [],
    ]
    content = book(tmp_path / "deep.xlsx", {"台账": rows}, first_row=3, first_column=2)
    reading = read(tmp_path, content)
    assert (reading.header_row, reading.sheet, reading.as_of) == (6, "台账", "2019-06-30")
    filled = [row for row in landed(tmp_path, reading) if any(row[1:])]
    assert [(row[0], row[1]) for row in filled] == [(7, "J001"), (10, "J002"), (12, "合计")]


def test_hidden_and_other_sheets_are_left_and_named(tmp_path: Path) -> None:
    content = book(
        tmp_path / "b.xlsx",
        {"说明": [["填表说明"]], "旧数据": [HEADER, *ROWS], "台账": [HEADER, ROWS[0]], "空": []},
        hidden=("旧数据",),
    )
    reading = read(tmp_path, content)
    assert (reading.sheet, reading.rows, reading.problems) == ("台账", 1, [])
    notes = "".join(reading.notes)
    assert "隐藏的工作表没有读取：旧数据" in notes and "没有读取：说明" in notes
    assert sorted(path.name for path in (tmp_path / "work").iterdir()) == ["text.csv"]


def test_a_pinned_sheet_is_the_only_one_that_is_read(tmp_path: Path) -> None:
    content = book(tmp_path / "b.xlsx", {"城关镇": [HEADER, ROWS[0]], "沟帮子镇": [HEADER, ROWS[1]]})
    assert landed(tmp_path, read(tmp_path, content, [feed(tmp_path, pins='sheet = "沟帮子镇"')])) == [(2, *ROWS[1])]
    assert codes(read(tmp_path, content, [feed(tmp_path, pins='sheet = "没有"')])) == ["UNKNOWN_HEADER"]


def test_the_sheet_decides_between_two_feeds(tmp_path: Path) -> None:
    feeds: list[Feed] = [feed(tmp_path), feed(tmp_path, MEMBERS)]
    content = book(tmp_path / "b.xlsx", {"成员": [["成员编号", "姓名", "身份证号"], ["M1", "张三", "x"]]})
    assert read(tmp_path, content, feeds).feed == "members"


def test_hidden_rows_and_formulas_without_a_result_are_said(tmp_path: Path, good: Path) -> None:
    made = xlsxwriter.Workbook(tmp_path / "h.xlsx")
    sheet = made.add_worksheet()
    for number, row in enumerate([HEADER, *ROWS]):
        sheet.write_row(number, 0, row)
    sheet.set_row(2, None, None, {"hidden": True})
    sheet.write_formula(3, 3, "=1+1", None, 2)
    made.close()
    with zipfile.ZipFile(tmp_path / "h.xlsx") as package:
        part = package.read(SHEET)
    content = altered(tmp_path / "h.xlsx", {SHEET: part.replace(b"<f>1+1</f><v>2</v>", b"<f>1+1</f>")})
    notes = "".join(read(tmp_path, content).notes)
    assert "1 个隐藏行" in notes and "1 个公式单元格没有计算结果" in notes


def test_header_only_and_empty_workbooks(tmp_path: Path) -> None:
    assert codes(read(tmp_path, book(tmp_path / "b.xlsx", {"台账": [HEADER]}))) == ["HEADER_ONLY"]
    assert codes(read(tmp_path, book(tmp_path / "b.xlsx", {"台账": []}))) == ["EMPTY_FILE"]


def test_content_decides_and_not_the_name(tmp_path: Path, good: Path) -> None:
    reading = read(tmp_path, csv_text([HEADER, *ROWS]), name="台账.xlsx")
    assert (reading.format, reading.suffix, reading.problems) == (
        "csv",
        ".csv",
        [],
    ) and "已按 CSV 读取" in reading.notes[1]
    reading = read(tmp_path, good.read_bytes(), name="台账.csv")
    assert (reading.format, reading.suffix, reading.problems) == ("xlsx", ".xlsx", [])


def ole(*names: str) -> bytes:
    """The beginning of an OLE container whose directory holds streams of these names."""
    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
    directory = b"".join(name.encode("utf-16-le").ljust(64, b"\0") + bytes(64) for name in ("Root Entry", *names))
    return header.ljust(512, b"\0") + directory.ljust(4096, b"\0")


BOMB_CELL = (
    b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    b'<row r="1"><c r="A1" t="inlineStr"><is><t>x</t></is></c></row>'
    b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
)
ENTITIES = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><worksheet><sheetData/></worksheet>'
)


def hostile(good: Path) -> dict[str, tuple[bytes, str]]:
    content = good.read_bytes()
    with zipfile.ZipFile(good) as package:
        part = package.read(SHEET)
    twice = good.with_name("twice.xlsx")
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(twice, "w") as package:
        for name in (SHEET, SHEET, "xl/workbook.xml"):
            package.writestr(name, part)
    plain_zip = good.with_name("plain.zip")
    with zipfile.ZipFile(plain_zip, "w") as package:
        package.writestr("a.csv", "x")
    return {
        "password": (ole("EncryptionInfo", "EncryptedPackage"), "WORKBOOK_ENCRYPTED"),
        "macros in an old workbook": (ole("Workbook", "_VBA_PROJECT_CUR"), "WORKBOOK_MACRO"),
        "an old workbook's directory and no more": (ole("Workbook"), "WORKBOOK_DAMAGED"),
        "very old Excel": (b"\x09\x08\x10\x00\x00\x06\x05\x00" + bytes(100), "OLD_BIFF"),
        "Word": (ole("WordDocument"), "NOT_A_TABLE"),
        "some OLE": (ole("Contents"), "WORKBOOK_ENCRYPTED"),
        "a page without a feed's table": (
            b"\r\n<html><body><table><tr><td>1</td></tr></table></body></html>",
            "UNKNOWN_HEADER",
        ),
        "some XML": (b'\xef\xbb\xbf<?xml version="1.0"?><Workbook/>', "WORKBOOK_FAKE"),
        "a binary workbook of rubbish": (
            altered(good, {"xl/workbook.xml": None}, {"xl/workbook.bin": b"x"}),
            "WORKBOOK_DAMAGED",
        ),
        "a zip without a table": (plain_zip.read_bytes(), "UNKNOWN_HEADER"),
        "Word in a package": (altered(good, {"xl/workbook.xml": None}, {"word/document.xml": b"x"}), "NOT_A_TABLE"),
        "cut in half": (content[: len(content) // 2], "WORKBOOK_DAMAGED"),
        "rubbish after the magic": (b"PK\x03\x04" + bytes(range(256)) * 8, "WORKBOOK_DAMAGED"),
        "broken XML": (altered(good, {SHEET: part[: len(part) // 2]}), "WORKBOOK_DAMAGED"),
        "a part twice": (twice.read_bytes(), "WORKBOOK_DAMAGED"),
        "a part outside": (altered(good, {}, {"../../evil.xml": b"<a/>"}), "WORKBOOK_DAMAGED"),
        "macros": (altered(good, {}, {"xl/vbaProject.bin": b"x"}), "WORKBOOK_MACRO"),
        "entities": (altered(good, {SHEET: ENTITIES}), "WORKBOOK_DTD"),
        "declared too large": (
            altered(good, {SHEET: part.replace(b'ref="A1:F4"', b'ref="A1:XFD1048576"')}),
            "WORKBOOK_TOO_LARGE",
        ),
        "one cell at the far end": (altered(good, {SHEET: BOMB_CELL}), "WORKBOOK_TOO_LARGE"),
        "inflates a thousandfold": (altered(good, {SHEET: part + b" " * 40_000_000}), "WORKBOOK_TOO_LARGE"),
        "thousands of parts": (
            altered(good, {}, {f"x/{n}": b"" for n in range(workbook.MAX_ENTRIES)}),
            "WORKBOOK_TOO_LARGE",
        ),
    }


def test_hostile_workbooks_are_refused_and_the_next_good_one_is_read(
    tmp_path: Path, good: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for kind, (content, code) in hostile(good).items():
        started = time.monotonic()
        reading = read(tmp_path, content, name="台账.xlsx")
        assert codes(reading) == [code], kind
        assert time.monotonic() - started < 3, kind
        assert list((tmp_path / "work").iterdir()) == [], kind
    assert read(tmp_path, good.read_bytes()).problems == []
    assert capfd.readouterr() == ("", "")


def test_limits_of_memory_and_time_end_only_the_child(tmp_path: Path, good: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    far = tmp_path / "far.xlsx"
    # 26 million cells pass the count and ask for 800 MB at once.
    far.write_bytes(altered(good, {SHEET: BOMB_CELL.replace(b"1048576", b"1000000").replace(b"XFD", b"Z")}))
    for path, limits in ((far, workbook.Limits(memory=256 * 1024**2)), (good, workbook.Limits(patience=0.01))):
        with pytest.raises(Problem) as refused:
            workbook.unpack(path, folder, limits=limits)
        assert refused.value.code == "WORKBOOK_TOO_LARGE"
        assert list(folder.iterdir()) == []


def test_a_workbook_with_broken_rows_of_title_reads_like_its_csv(tmp_path: Path) -> None:
    rows: Sequence[Sequence[object]] = [["台账", None, "单位：万元"], HEADER, *ROWS]
    as_book: Reading = read(tmp_path, book(tmp_path / "b.xlsx", {"一": rows}))
    book_rows = landed(tmp_path, as_book)
    as_text = read(tmp_path, csv_text([["台账", "", "单位：万元"], HEADER, *ROWS]).encode("gb18030"))
    assert (book_rows, as_book.units, as_book.mapping) == (landed(tmp_path, as_text), as_text.units, as_text.mapping)
