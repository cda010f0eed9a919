"""What the reader recognises: the same table however it was saved, its feed, units, dates and corrections."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import xlsxwriter

from connectors import layout
from connectors.reading import Reading
from tests.unit.test_files_support import HEADER, MEMBERS, ROWS, codes, csv_text, feed, landed, read

TITLE = "北镇市扶贫小额信贷台账（截至2019年6月30日） 单位：万元"


def workbook(path: Path, rows: list[list[str]]) -> bytes:
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("台账")
    sheet.merge_range(0, 0, 0, 5, TITLE)
    for number, row in enumerate(rows, 1):
        for column, cell in enumerate(row):
            if number > 1 and column in (3, 4):
                sheet.write_number(number, column, float(cell))
            else:
                sheet.write_string(number, column, cell)
    book.close()
    return path.read_bytes()


def test_the_same_table_lands_as_identical_rows_however_it_was_saved(tmp_path: Path) -> None:
    table = [HEADER, *ROWS]
    titled = [[TITLE, *[""] * 5], *table]
    files = {
        "GB18030 with a title row": csv_text(titled, end="\r\n").encode("gb18030"),
        "UTF-8": csv_text(titled).encode(),
        "UTF-8 with a byte-order mark, quoted": csv_text(
            [[f'"{cell}"' for cell in row] for row in titled], end="\r\n"
        ).encode("utf-8-sig"),
        "Unicode text": csv_text(titled, "\t", "\r\n").encode("utf-16"),
        "UTF-16 without a mark": csv_text(titled, "\t", "\r\n").encode("utf-16-le"),
        "old Mac": csv_text(titled, ";", "\r").encode(),
        "xlsx": workbook(tmp_path / "book.xlsx", table),
    }
    expected = [(number, *row) for number, row in enumerate(ROWS, 3)]
    for kind, content in files.items():
        reading = read(tmp_path, content)
        assert reading.problems == [], kind
        assert landed(tmp_path, reading) == expected, kind
        assert (reading.header_row, reading.rows, reading.as_of, reading.as_of_source) == (
            2,
            3,
            "2019-06-30",
            "title",
        ), kind
        assert reading.units == {"amount_yuan": "万元", "balance_yuan": "万元"}, kind


def test_a_clean_utf8_file_is_read_where_it_lies(tmp_path: Path) -> None:
    reading = read(tmp_path, csv_text([HEADER, *ROWS]))
    assert reading.text_path == str(tmp_path / "source.bin")
    assert list((tmp_path / "work").iterdir()) == []
    assert (reading.skip, reading.first_row, reading.gaps, reading.structure_path) == (1, 2, [], None)
    assert reading.notes == ["文件编码 UTF-8。"]


def test_a_reading_survives_json_and_the_move_of_its_folder(tmp_path: Path) -> None:
    reading = read(tmp_path, csv_text([HEADER, *ROWS, ["J004"]]).encode("gb18030"))
    again = Reading.from_json(json.loads(json.dumps(reading.to_json())))
    assert again == reading
    again.relocate(Path("/batch"), Path("/batch/source.csv"))
    assert (again.text_path, again.structure_path) == ("/batch/text.csv", "/batch/structure.csv")
    direct = read(tmp_path, csv_text([HEADER, *ROWS]))
    direct.relocate(Path("/batch"), Path("/batch/source.csv"))
    assert direct.text_path == "/batch/source.csv"


def test_header_spellings_and_order_do_not_matter(tmp_path: Path) -> None:
    header = ["发放日期", "备用", "身份证 号", "姓名", "ＪＩＥ", "金额（万元）", "借据\u3000编号", "余额（元）"]
    reading = read(
        tmp_path, csv_text([header, ["2019.3.1", "x", "219900195801010015", "张三", "y", "5", "J001", "32000"]])
    )
    assert reading.mapping == {
        "issued_date": 0,
        "citizen_id": 2,
        "name": 3,
        "amount_yuan": 5,
        "loan_no": 6,
        "balance_yuan": 7,
    }
    assert reading.undeclared == ["备用", "ＪＩＥ"]
    assert any("备用" in note for note in reading.notes)
    assert reading.units == {"amount_yuan": "万元", "balance_yuan": "元"}


def test_the_header_decides_between_two_feeds_of_a_department(tmp_path: Path) -> None:
    feeds = [feed(tmp_path), feed(tmp_path, MEMBERS)]
    assert read(tmp_path, csv_text([HEADER, *ROWS]), feeds).feed == "loans"
    assert (
        read(tmp_path, "成员编号,姓名,身份证号\nM1,张三,219900195801010015\n", feeds, name="loans.csv").feed
        == "members"
    )


def test_a_table_that_fits_two_feeds_alike_is_refused(tmp_path: Path) -> None:
    twin = dataclasses.replace(feed(tmp_path, MEMBERS), name="twin", title="社员")
    reading = read(tmp_path, "成员编号,姓名,身份证号\nM1,张三,219900195801010015\n", [feed(tmp_path, MEMBERS), twin])
    assert codes(reading) == ["HEADER_AMBIGUOUS"]


def test_a_header_over_two_rows(tmp_path: Path) -> None:
    rows = [
        ["贷款台账"],
        ["借据号", "借款人", "", "金额（元）", "", "发放日期"],
        ["", "姓名", "身份证号", "贷款金额", "余额", ""],
        *ROWS,
    ]
    reading = read(tmp_path, csv_text(rows))
    assert (reading.feed, reading.header_row, len(reading.mapping), reading.problems) == ("loans", 3, 6, [])
    assert landed(tmp_path, reading)[0][:2] == (4, "J001")


def test_pins_of_the_feed_win_over_detection(tmp_path: Path) -> None:
    pinned = feed(tmp_path, pins='encoding = "gbk"\ndelimiter = "^"\nquote = ""\nheader_row = 3')
    # Row 2 looks like the header too, and the quote in a name is no quote here.
    content = csv_text([["台账"], HEADER, HEADER, ["J001", '张"三', *ROWS[0][2:]]], "^").encode("gb18030")
    reading = read(tmp_path, content, [pinned])
    assert (reading.encoding, reading.delimiter, reading.quote, reading.header_row) == ("gb18030", "^", "", 3)
    assert landed(tmp_path, reading) == [(4, "J001", '张"三', *ROWS[0][2:])]


@pytest.mark.parametrize(
    ("title", "units"),
    [
        ("单位：万元", {"amount_yuan": "万元", "balance_yuan": "万元"}),
        ("（金额单位: 人民币元）", {"amount_yuan": "元", "balance_yuan": "元"}),
        ("单 位 ：千元", {"amount_yuan": "千元", "balance_yuan": "千元"}),
        ("填报单位：元宝镇人民政府", {}),
        ("填报单位：市农商行    单位：万元、笔", {"amount_yuan": "万元", "balance_yuan": "万元"}),
    ],
)
def test_units_from_the_title_rows(tmp_path: Path, title: str, units: dict[str, str]) -> None:
    assert read(tmp_path, csv_text([[title], HEADER, *ROWS])).units == units


def test_two_units_in_the_titles_are_refused_unless_every_header_says_its_own(tmp_path: Path) -> None:
    titles = [["单位：万元"], ["单位：元"]]
    assert codes(read(tmp_path, csv_text([*titles, HEADER, *ROWS]))) == ["UNIT_AMBIGUOUS"]
    own = [*HEADER[:3], "贷款金额(元)", "余额(万元)", HEADER[5]]
    reading = read(tmp_path, csv_text([*titles, own, *ROWS]))
    assert (reading.units, reading.problems) == ({"amount_yuan": "元", "balance_yuan": "万元"}, [])


@pytest.mark.parametrize(
    ("title", "date"),
    [
        ("截至2019年6月30日", "2019-06-30"),
        ("数据日期：2019-06-30  制表日期：2019-07-05", "2019-06-30"),
        ("数据日期：20190630", "2019-06-30"),
        ("统计时点 2019.6.30", "2019-06-30"),
        ("2019年6月农村贷款花名册", "2019-06-30"),
        ("二〇一九年六月三十日贷款情况", "2019-06-30"),
        ("二○一九年十二月贷款情况", "2019-12-31"),
        ("2020年2月贷款情况", "2020-02-29"),
        ("制表日期：2019年7月5日", None),
        ("2019年贷款情况", None),
        ("2019年6月31日", None),
        ("2018年12月31日至2019年6月30日", None),
        ("截至2019年6月30日（上期 2018年12月31日）", "2019-06-30"),
        ("联系电话 02990201906", None),
    ],
)
def test_as_of_date_in_a_title(title: str, date: str | None) -> None:
    assert layout.title_date([[title, "", ""]])[0] == date


@pytest.mark.parametrize(
    ("name", "date"),
    [
        ("贷款_20190630.csv", "2019-06-30"),
        ("贷款-2019-06-30 (1).xlsx", "2019-06-30"),
        ("贷款2019_6_30.csv", "2019-06-30"),
        ("2019年6月贷款.xlsx", "2019-06-30"),
        ("贷款201902.csv", "2019-02-28"),
        ("贷款20190630153000.csv", "2019-06-30"),
        ("贷款20190701-20190731.csv", None),
        ("219900195801010015.csv", None),
        ("贷款.csv", None),
    ],
)
def test_as_of_date_in_a_file_name(name: str, date: str | None) -> None:
    assert layout.file_name_date(name) == date


def test_the_title_date_wins_over_the_file_name(tmp_path: Path) -> None:
    reading = read(tmp_path, csv_text([["截至2019年6月30日"], HEADER, *ROWS]), name="贷款_20190731.csv")
    assert (reading.as_of, reading.as_of_source) == ("2019-06-30", "title")
    reading = read(tmp_path, csv_text([HEADER, *ROWS]), name="贷款_20190731.csv")
    assert (reading.as_of, reading.as_of_source) == ("2019-07-31", "file_name")


def test_a_corrected_reject_sheet_says_which_batch_it_corrects(tmp_path: Path) -> None:
    header = ["行号", "错误原因", *HEADER, "批次号"]
    rows = [["7", "身份证号校验码错误", *row, "0123456789abcdef"] for row in ROWS]
    reading = read(tmp_path, csv_text([header, *rows]))
    assert (reading.correction_of, reading.undeclared, reading.problems) == ("0123456789abcdef", [], [])
    assert set(reading.mapping.values()) == set(range(2, 8))
    rows[1][-1] = "fedcba9876543210"
    assert codes(read(tmp_path, csv_text([header, *rows]))) == ["CORRECTION_UNKNOWN"]


def test_a_batch_column_of_the_departments_own_is_no_receipt(tmp_path: Path) -> None:
    reading = read(tmp_path, csv_text([[*HEADER, "批次号"], *[[*row, "第一批"] for row in ROWS]]))
    assert (reading.correction_of, reading.undeclared, reading.problems) == (None, ["批次号"], [])


def test_header_cells_that_could_be_ids_are_never_shown(tmp_path: Path) -> None:
    reading = read(tmp_path, csv_text(ROWS))
    assert codes(reading) == ["UNKNOWN_HEADER"]
    assert (
        "2199001958" not in reading.problems[0]["message"]
        and "21990019710520003X" not in reading.problems[0]["message"]
    )
