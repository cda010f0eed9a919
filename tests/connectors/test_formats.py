"""One table in every kind of file lands as the same rows; what each kind hides or destroys is said or refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from connectors.feed import Feed
from connectors.reading import Reading
from expectations import stage
from tests import workbooks
from tests.unit.test_files_support import HEADER, MEMBERS, codes, csv_text, feed, landed, read
from tests.workbooks import sound_id

IDS = [sound_id(head) for head in ("21990019580101000", "21990019620304000", "21990019710520000")]
# Amounts as numbers and days as dates, the way a workbook holds them; ids as text.
TABLE: list[list[Any]] = [
    HEADER,
    ["J001", "张㳇", IDS[0], 50000, 3200.5, dt.date(2019, 3, 1)],
    ["J002", "欧阳某𠮷", IDS[1], 3, 0, dt.date(2018, 11, 15)],
    ["007", " 王五", IDS[2], 0.01, None, None],
]
TEXTS = [["" if cell is None else str(cell) for cell in row] for row in TABLE]


def rounded_id() -> str:
    """An id that Excel rounded to fifteen digits and that still passes its check digit."""
    for day in range(10, 29):
        if (found := sound_id(f"2199001958010{day}00"[:17])).endswith("000"):
            return found
    raise AssertionError


def staged(tmp_path: Path, reading: Reading, of: Feed) -> list[tuple[Any, ...]]:
    """(row, hash, declared columns) of what the platform's own staging makes of a reading."""
    con = duckdb.connect()
    folder = tmp_path / "batch"
    folder.mkdir(exist_ok=True)
    stage.stage(con, folder, of, reading)
    names = ", ".join(f'"{column.name}"' for column in of.columns)
    return con.execute(f"SELECT _row, _hash, {names} FROM staged_rows ORDER BY _row").fetchall()


def quoted(mark: str, delimiter: str) -> str:
    return csv_text([[mark + cell + mark for cell in row] for row in TEXTS], delimiter)


FILES: dict[str, Callable[[], bytes]] = {
    "UTF-8 CSV": lambda: csv_text(TEXTS).encode(),
    "GB18030 CSV": lambda: csv_text(TEXTS, end="\r\n").encode("gb18030"),
    "UTF-8 with a byte-order mark": lambda: csv_text(TEXTS).encode("utf-8-sig"),
    "UTF-16 CSV": lambda: csv_text(TEXTS, "\t", "\r\n").encode("utf-16"),
    "UTF-16 CSV without a mark": lambda: csv_text(TEXTS, ",", "\r\n").encode("utf-16-be"),
    "semicolons": lambda: csv_text(TEXTS, ";").encode(),
    "bars": lambda: csv_text(TEXTS, "|").encode(),
    "carets": lambda: csv_text(TEXTS, "^").encode("gb18030"),
    "tildes": lambda: csv_text(TEXTS, "~").encode(),
    "single quotes": lambda: quoted("'", ",").encode(),
    "double quotes, carets": lambda: quoted('"', "^").encode("gb18030"),
    "xls": lambda: workbooks.xls({"台账": TABLE}),
    "xlsx": lambda: workbooks.xlsx({"台账": TABLE}),
    "xlsb": lambda: workbooks.xlsb({"台账": TABLE}),
    "ods": lambda: workbooks.ods({"台账": TABLE}),
    "xls that counts from 1904": lambda: workbooks.xls({"台账": TABLE}, since_1904=True),
    "xlsx that counts from 1904": lambda: workbooks.xlsx({"台账": TABLE}, since_1904=True),
    "xlsb that counts from 1904": lambda: workbooks.xlsb({"台账": TABLE}, since_1904=True),
    "HTML as .xls": lambda: workbooks.html_page({"台账": TABLE}),
    "UTF-8 HTML": lambda: workbooks.html_page({"台账": TABLE}, "utf-8"),
    "UTF-16 HTML": lambda: workbooks.html_page({"台账": TABLE}, "utf-16"),
    "XML spreadsheet 2003": lambda: workbooks.xml_2003({"台账": TABLE}),
    "zip of a CSV": lambda: workbooks.packed({"报表/台账.csv": csv_text(TEXTS).encode("gb18030")}),
    "zip of an xls": lambda: workbooks.packed({"台账.xls": workbooks.xls({"台账": TABLE})}),
}


def test_one_table_in_every_kind_of_file_lands_as_the_same_rows(tmp_path: Path) -> None:
    loans = feed(tmp_path)
    expected = None
    for kind, make in FILES.items():
        reading = read(tmp_path, make(), [loans], name="台账.xls")
        assert reading.problems == [], kind
        rows = staged(tmp_path, reading, loans)
        expected = expected or rows
        assert rows == expected, kind
    assert expected is not None
    assert [row[0] for row in expected] == [2, 3, 4] and len({row[1] for row in expected}) == 3
    assert expected[0][2:5] == ("J001", "张㳇", IDS[0])
    assert expected[2][2] == "007"


def test_nothing_is_left_behind_but_the_text(tmp_path: Path) -> None:
    for kind, make in FILES.items():
        for path in (tmp_path / "work").glob("*"):
            path.unlink()
        read(tmp_path, make())
        assert {path.name for path in (tmp_path / "work").iterdir()} <= {"text.csv"}, kind


@pytest.mark.parametrize("kind", workbooks.BOOKS)
def test_an_error_in_a_cell_is_no_blank(tmp_path: Path, kind: str) -> None:
    """A formula's #DIV/0! must not land as «no amount»."""
    content = workbooks.BOOKS[kind]({"台账": [*TABLE[:2], ["J9", "某", "x", "#DIV/0!", "#N/A", None]]})
    assert landed(tmp_path, read(tmp_path, content))[1][4:6] == ("#DIV/0!", "#N/A")


@pytest.mark.parametrize("kind", workbooks.BOOKS)
def test_hidden_rows_are_read_and_hidden_sheets_are_not_and_both_are_said(tmp_path: Path, kind: str) -> None:
    content = workbooks.BOOKS[kind]({"旧": TABLE, "台账": TABLE}, hidden=("旧",), hidden_rows=(2,))
    reading = read(tmp_path, content)
    assert (reading.rows, reading.sheet, reading.format) == (3, "台账", kind)
    notes = "".join(reading.notes)
    assert "1 个隐藏行" in notes and "隐藏的工作表没有读取：旧" in notes


@pytest.mark.parametrize("kind", workbooks.BOOKS)
def test_an_id_that_became_a_number_never_lands_as_an_id(tmp_path: Path, kind: str) -> None:
    """Rounded to …000 one in eleven would pass the check digit: it came from a numeric cell, so it is shown as one."""
    loans = feed(tmp_path)
    sound = rounded_id()
    numbers = [["J1", "甲", 219900195801010015, 1], ["J2", "乙", int(sound), 1], ["J3", "丙", sound, 1]]
    reading = read(tmp_path, workbooks.BOOKS[kind]({"台账": [HEADER, *numbers]}), [loans])
    texts = [row[3] for row in landed(tmp_path, reading)]
    assert texts[0] == "2.1990019580101E+17" and "E+17" in texts[1] and texts[2] == sound
    con = duckdb.connect()
    stage.stage(con, tmp_path, loans, reading)
    found = con.execute("SELECT citizen_id__problem FROM staged_rows ORDER BY _row").fetchall()
    assert [code for (code,) in found] == ["ID_SCI_NOTATION", "ID_SCI_NOTATION", None]


def test_a_page_shows_what_its_cells_span_and_leaves_out_what_is_not_shown(tmp_path: Path) -> None:
    page = (
        "\r\n<html><head><title>x</title></head><body><table><tr><td colspan=6>台账&nbsp;单位：万元</td></tr>"
        + "<tr>" + "".join(f"<th>{cell}</th>" for cell in HEADER) + "</tr>"
        + "<tr><td rowspan=2>J1<td>甲<br>乙<td x:str>219900195801010015<td x:num='1234.5'>1,234.50<td><td></tr>"
        + "<tr style='display:none'><td>丙<td>219900196203040023<td x:num>2<td><td><script>var a='<td>';</script></tr></table></body></html>"
    )  # fmt: skip
    reading = read(tmp_path, page.encode("gb18030"), name="台账.xls")
    assert reading.problems == [] and reading.units["amount_yuan"] == "万元"
    assert "1 个隐藏行" in "".join(reading.notes)
    assert landed(tmp_path, reading) == [
        (3, "J1", "甲 乙", "219900195801010015", "1234.5", None, None),
        (4, None, "丙", "219900196203040023", "2", None, None),
    ]


def test_a_page_without_a_table_is_no_table(tmp_path: Path) -> None:
    login = "<!DOCTYPE html><html><body><form>用户名：<input></form></body></html>"
    assert codes(read(tmp_path, login)) == ["WORKBOOK_FAKE"]
    assert codes(read(tmp_path, '<?xml version="1.0"?><rows><row/></rows>')) == ["WORKBOOK_FAKE"]
    bomb = workbooks.xml_2003({"a": TABLE}).replace(b"<Workbook", b'<!DOCTYPE x [<!ENTITY a "b">]><Workbook', 1)
    assert codes(read(tmp_path, bomb)) == ["WORKBOOK_DTD"]


def test_spans_that_would_fill_the_memory_are_refused(tmp_path: Path) -> None:
    row = "<tr>" + "<td colspan=999 rowspan=999>x</td>" * 50 + "</tr>"
    assert codes(read(tmp_path, f"<table>{row * 20}</table>")) == ["WORKBOOK_TOO_LARGE"]


def test_a_decimal_comma_is_not_guessed(tmp_path: Path) -> None:
    loans = feed(tmp_path)
    rows = [
        HEADER,
        ["J1", "甲", "219900195801010015", "1,5", "", ""],
        ["J2", "乙", "219900196203040023", "1,500", "", ""],
    ]
    reading = read(tmp_path, csv_text(rows, ";"), [loans])
    con = duckdb.connect()
    stage.stage(con, tmp_path, loans, reading)
    found = con.execute(
        "SELECT CAST(amount_yuan AS VARCHAR), amount_yuan__problem FROM staged_rows ORDER BY _row"
    ).fetchall()
    assert found == [(None, "MONEY_INVALID"), ("1500.00", None)]


def test_apostrophes_of_excel_are_no_quotes(tmp_path: Path) -> None:
    rows = [HEADER, *[[f"J{n}", "O'Neil", f"'21990019580101001{n}", "1", "", ""] for n in range(5)]]
    reading = read(tmp_path, csv_text(rows))
    assert reading.quote == '"' and landed(tmp_path, reading)[0][3] == "'219900195801010010"


def test_a_workbook_with_the_tables_of_two_feeds_names_both(tmp_path: Path) -> None:
    feeds = [feed(tmp_path), feed(tmp_path, MEMBERS)]
    content = workbooks.xls(
        {"贷款": TABLE, "成员": [["成员编号", "姓名", "身份证号"], ["M1", "甲", "219900195801010015"]]}
    )
    reading = read(tmp_path, content, feeds)
    assert (reading.feed, reading.several, reading.problems) == (None, ["loans", "members"], [])
    alone = read(tmp_path, content, feeds, only="members")
    assert (alone.feed, alone.rows) == ("members", 1) and "另行处理：贷款" in "".join(alone.notes)
