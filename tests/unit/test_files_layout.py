"""Layouts as clerks make them: merged cells, two-level headers, printed pages, totals and footers — no row added, hidden or shifted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from connectors.errors import DeclarationError
from connectors.feed import Feed
from connectors.reading import Reading
from expectations import stage
from tests import workbooks
from tests.unit.test_files_support import HEADER, LOANS, broken, csv_text, feed, landed, read

FILL = 'fill_down = ["loan_no", "name"]'
IDS = [workbooks.sound_id(f"219900195801{day:02d}000") for day in range(10, 20)]


def member(number: int, loan: str = "", name: str = "") -> list[str]:
    return [loan, name, IDS[number], "5", "", ""]


def staged(tmp_path: Path, reading: Reading, of: Feed) -> tuple[list[tuple[Any, ...]], dict[int, str]]:
    """(row, loan number, name, id) of data rows, and row → kind of those that are none."""
    con = duckdb.connect()
    found = stage.stage(con, tmp_path, of, reading)
    rows = con.execute("SELECT _row, loan_no, name, citizen_id FROM staged_rows ORDER BY _row").fetchall()
    return rows, {item["row"]: item["kind"] for item in found.skipped}


MERGED = [
    HEADER,
    member(0, "J1", "甲"),
    member(1),
    member(2),
    member(3, "J2", "乙"),
    member(4),
    ["小计", "", "", "25", "", ""],
    member(5),
]


@pytest.mark.parametrize("form", ["csv", "xls", "html"])
def test_merged_cells_are_filled_down_only_where_the_feed_says_so(tmp_path: Path, form: str) -> None:
    content = {
        "csv": lambda: csv_text(MERGED, "\t").encode("gb18030"),
        "xls": lambda: workbooks.xls({"台账": [[cell or None for cell in row] for row in MERGED]}),
        "html": lambda: workbooks.html_page({"台账": MERGED}),
    }[form]()
    reading = read(tmp_path, content)
    assert [row[1] for row in landed(tmp_path, reading)] == ["J1", None, None, "J2", None, "小计", None]
    allowed = feed(tmp_path, pins=FILL)
    reading = read(tmp_path, content, [allowed])
    rows, skipped = staged(tmp_path, reading, allowed)
    # A subtotal ends what may be filled: the row behind it stays without a number and is sent back.
    names = ["J1", "J1", "J1", "J2", "J2", None]
    assert [row[1] for row in rows] == names and [row[3] for row in rows] == IDS[:6]
    assert skipped == {7: "total"}
    assert "“借据号”有 3 个空单元格" in "".join(reading.notes)


def test_filling_down_stops_at_rows_that_are_missing(tmp_path: Path) -> None:
    """The head of the second household is broken: her members must not slip into the first."""
    allowed = feed(tmp_path, pins=FILL)
    lines = [
        HEADER,
        member(0, "J1", "甲"),
        ["J2", "乙", IDS[1], "5", "", "", "too many"],
        member(2),
        [],
        member(3),
        member(4, "J3", "丙"),
    ]
    reading = read(tmp_path, csv_text(lines), [allowed])
    assert broken(reading) == [(3, "TOO MANY COLUMNS")] and reading.gaps == [5]
    assert [row[:3] for row in landed(tmp_path, reading)] == [
        (2, "J1", "甲"),
        (4, None, None),
        (6, None, None),
        (7, "J3", "丙"),
    ]


def test_each_column_is_filled_by_itself_and_printed_pages_are_no_source(tmp_path: Path) -> None:
    allowed = feed(tmp_path, pins=FILL)
    lines = [HEADER, member(0, "J1", "甲"), member(1, "J2"), HEADER, member(2)]
    reading = read(tmp_path, csv_text(lines), [allowed])
    assert [row[1:3] for row in landed(tmp_path, reading)] == [
        ("J1", "甲"),
        ("J2", "甲"),
        tuple(HEADER[:2]),
        (None, None),
    ]


def test_a_feed_may_only_fill_what_it_declares(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match="fill_down"):
        feed(tmp_path, pins='fill_down = ["household"]')


TWO_LEVELS = [
    ["北镇市贷款台账", "", "", "", "", ""],
    ["借据号", "借款人", "", "金额情况", "", "发放日期"],
    ["", "姓名", "身份证号", "贷款金额", "余额", ""],
]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_printed_pages_repeat_title_and_header_and_end_with_numbers(tmp_path: Path, form: str) -> None:
    page = [*TWO_LEVELS, member(0, "J1", "甲"), ["小 计", "", "", "5", "", ""], ["第1页", "", "", "", "", ""]]
    last = [
        *TWO_LEVELS,
        member(1, "J2", "乙"),
        ["合计：", "", "", "10", "", ""],
        ["填表人：某某", "", "", "审核人：某", "", ""],
        ["共 2 页 第 2 页", *[""] * 5],
    ]
    rows = [*page, *last]
    content = (
        csv_text(rows).encode()
        if form == "csv"
        else workbooks.xlsx({"台账": [[cell or None for cell in row] for row in rows]})
    )
    loans = feed(tmp_path)
    reading = read(tmp_path, content, [loans])
    assert reading.problems == [] and reading.header_row == 3
    found, skipped = staged(tmp_path, reading, loans)
    assert [row[:3] for row in found] == [(4, "J1", "甲"), (10, "J2", "乙")]
    assert skipped == {
        5: "total",
        6: "footer",
        7: "header",
        8: "header",
        9: "header",
        11: "total",
        12: "footer",
        13: "footer",
    }


@pytest.mark.parametrize("count", ["2", "2人", "2户", "2笔"])
def test_a_total_that_counts_in_the_place_of_the_key_is_no_row(tmp_path: Path, count: str) -> None:
    loans = feed(tmp_path)
    total = [count, "合计", "", "10", "", ""]
    reading = read(tmp_path, csv_text([HEADER, member(0, "J1", "甲"), member(1, count, "乙"), total]).encode(), [loans])
    found, skipped = staged(tmp_path, reading, loans)
    assert [row[:3] for row in found] == [(2, "J1", "甲"), (3, count, "乙")], "a person's odd number is no total"
    assert skipped == {4: "total"}


def test_a_row_above_the_header_that_may_hold_a_person_is_kept_nowhere(tmp_path: Path) -> None:
    reading = read(tmp_path, csv_text([["甲", IDS[0], "", "", "", ""], ["台账"], HEADER, member(0, "J1", "甲")]))
    assert reading.header_row == 3 and IDS[0] not in str(reading.to_json())


def test_headers_with_breaks_brackets_and_blanks_are_the_same_headers(tmp_path: Path) -> None:
    odd = [" 借据号 ", "借款人\n姓名", "身份证号", "贷款金额（万元）", "余　额", "发放日期", ""]
    reading = read(tmp_path, workbooks.xlsx({"台账": [odd, [*member(0, "J1", "甲"), ""]]}))
    assert reading.problems == [] and reading.units == {"amount_yuan": "万元"}
    assert LOANS.count("[[columns]]") == len(reading.mapping)
