"""The receipt: what the sender sees, that nothing in it can run, and that its reject sheet comes back as a correction."""

from __future__ import annotations

import csv
import datetime as dt
import re
import zipfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape

from connectors.files import read_file
from expectations.rules import load_rules
from tests.unit.receipts import BATCH, FEEDS, GOOD, HEADER, LOAN, MAPPING, book, outbox_files, rejects, text_of
from warehouse.feedback import returned, write_receipt
from warehouse.feedback.reasons import Explainer, catalogue
from warehouse.feedback.style import CELL_LIMIT, CUT, inert

CODES = """REQUIRED_MISSING ID_MISSING ID_LENGTH ID_CHECKSUM ID_BIRTHDATE ID_PLACEHOLDER ID_SCI_NOTATION ID_SHAPE DATE_INVALID
DATE_AMBIGUOUS DATE_PRECISION MONEY_INVALID NUMBER_INVALID BOOLEAN_INVALID CODE_UNKNOWN OUT_OF_RANGE PATTERN_MISMATCH CONTROL_CHAR
CELL_TOO_LONG ROW_STRUCTURE DUPLICATE_ROW KEY_CONFLICT""".split()


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    folder = tmp_path / "landing"
    folder.mkdir()
    return folder


def test_every_code_has_a_reason_and_a_cure():
    assert set(CODES) <= set(catalogue())
    for code, texts in catalogue().items():
        assert set(texts) == {"title", "reason", "cure"}, code
        reason = Explainer(LOAN, {}).explain(code, "citizen_id", None)
        assert "{" not in reason.full and len(reason.title) <= 16, code


@pytest.mark.parametrize("feed", FEEDS.values(), ids=lambda feed: feed.name)
def test_every_rule_has_a_message_and_a_cure(feed):
    for rule in load_rules(feed):
        reason = Explainer(feed, {}).explain(rule.id, None, rule.id)
        assert reason.title == rule.message and reason.cure == rule.cure and reason.cure


def test_reason_names_the_senders_own_header_and_what_may_be_filled_in():
    explainer = Explainer(LOAN, {"guarantee_code": "担保类型"})
    assert explainer.explain("CODE_UNKNOWN", "guarantee_code", "guarantee_code.codes").full == (
        "“担保类型”填的内容不在约定的选项里。可填：信用、保证、抵押、质押。"
    )
    broken = Explainer(LOAN, {"amount_yuan": "贷款金额\n（万元） "})
    assert broken.explain("MONEY_INVALID", "amount_yuan", None).sentence.startswith("“贷款金额 （万元）”")
    assert "应在 0 至 0.36 之间" in explainer.explain("OUT_OF_RANGE", "annual_rate", None).sentence
    assert (
        explainer.explain("NEVER_SEEN", "amount_yuan", None).full
        == "“贷款金额”不符合要求（NEVER_SEEN）。请核对后改正。"
    )


def test_some_rows_returned(tmp_path, landing):
    bad: list[str | None] = [
        "2",
        "JD0002",
        "李四",
        "219900197001010003",
        "五万",
        "5",
        "2018-06-01",
        "2020-06-01",
        "2019-06-30",
    ]
    path = rejects(landing, [(7, [("ID_CHECKSUM", "citizen_id", None), ("MONEY_INVALID", "amount_yuan", None)], bad)])
    receipt = write_receipt(tmp_path / "out", BATCH, LOAN, path, HEADER)
    assert receipt.name == "贷款台账.csv.回执.xlsx"
    assert list(book(receipt)) == ["摘要", "退回行", "识别说明"]
    summary = text_of(receipt, "摘要")
    assert "部分退回：共 10 行，9 行已接收，1 行有错误退回" in summary
    assert "2019-07-03 09:12" in summary and "2019-06-30（取自文件中的数据日期列）" in summary
    assert "借款人证件号" in summary and "证件号码校验位不符" in summary and "首见第 7 行" in summary
    header, row = book(receipt)["退回行"]
    assert header == ["行号", "错误原因", "批次号", *HEADER]
    assert row[0] == 7 and row[2] == BATCH["batch_id"] and row[3:] == bad
    assert "“借款人证件号”" in str(row[1]) and "“贷款金额”" in str(row[1])
    sheet = openpyxl.load_workbook(receipt)["退回行"]
    marked = [cell.column - 4 for cell in sheet[2] if cell.fill.fgColor.rgb == "FFFFE08A"]
    assert marked == [MAPPING["citizen_id"], MAPPING["amount_yuan"]]
    assert sheet.freeze_panes == "C2" and sheet["G2"].number_format == "@"
    assert outbox_files(landing) == ["rejects.parquet"]


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"rows_quarantined": 0, "rows_landed": 10}, "已接收：共 10 行，全部接收"),
        ({"rows_quarantined": 10, "rows_landed": 0}, "整批退回：10 行全部有错误"),
        (
            {"state": "duplicate", "duplicate_of": "aa", "duplicate_received_at": "2019-07-01T00:00:00"},
            "重复报送：内容与2019-07-01 08:00 收到的批次 aa 完全相同",
        ),
        (
            {"state": "blocked", "problems": [{"code": "A", "message": "缺少列"}, {"code": "B", "message": "重复列"}]},
            "整批退回：这个文件没有入库",
        ),
    ],
)
def test_result_in_one_sentence(tmp_path, changes, words):
    receipt = write_receipt(tmp_path, {**BATCH, **changes}, LOAN, None, HEADER)
    summary = text_of(receipt, "摘要")
    assert words in summary
    for problem in changes.get("problems", []):
        assert problem["message"] in summary


def test_a_file_that_nobody_recognised(tmp_path):
    batch = {"batch_id": "b1", "feed": "unrecognised", "state": "blocked", "original_name": "x.xls", "received_at": "2019-07-03T00:00:00",
             "reading": {"problems": [{"code": "OLD_BIFF", "message": "这是旧版 Excel"}]}}  # fmt: skip
    receipt = write_receipt(tmp_path, batch, None, None, [])
    assert "这是旧版 Excel" in text_of(receipt, "摘要") and list(book(receipt)) == ["摘要", "识别说明"]


def test_reading_sheet_says_what_was_assumed(tmp_path):
    reading = {
        **BATCH["reading"],  # type: ignore[dict-item]
        "undeclared": ["序号"],
        "units": {"amount_yuan": "万元"},
        "notes": ["标题行注明“单位：万元”。"],
    }
    batch = {**BATCH, "reading": reading, "warnings": [{"rule": "BL05", "count": 12, "message": "期限超过36个月"}],
             "skipped": [{"row": 12, "kind": "total"}, {"row": 13, "kind": "something_new"}]}  # fmt: skip
    text = text_of(write_receipt(tmp_path, batch, LOAN, None, HEADER), "识别说明")
    for words in (
        "utf-8",
        "第 1 行",
        "序号",
        "万元",
        "标题行注明“单位：万元”。",
        "期限超过36个月（12 行，规则 BL05）",
        "合计、小计行",
        "something_new",
    ):
        assert words in text


HOSTILE = [
    '=cmd|"/c calc"!A0',
    "+1+1",
    "-2+3",
    "@SUM(1)",
    "\t=1",
    "http://example.invalid/x",
    "mailto:a@b.c",
    "{=1}",
    "_x0041_",
    "0012",
    "1e5",
    "<b>&amp;",
]


def test_no_cell_can_run(tmp_path, landing):
    cells: list[str | None] = [*HOSTILE[:9]]
    cells2: list[str | None] = [*HOSTILE[3:]]
    header = ["=1+1", *HEADER[1:-1], "@数据日期"]
    path = rejects(landing, [(2, [("ROW_STRUCTURE", None, None)], cells), (3, [("ROW_STRUCTURE", None, None)], cells2)])
    name = '=HYPERLINK("x").csv'
    receipt = write_receipt(
        tmp_path / "out",
        {**BATCH, "original_name": name, "problems": [{"code": "x", "message": "=1+1"}]},
        LOAN,
        path,
        header,
    )
    with zipfile.ZipFile(receipt) as archive:
        for part in archive.namelist():
            text = archive.read(part).decode()
            assert "<f>" not in text and "<f " not in text and "<hyperlink" not in text, part
            assert "externalLink" not in part and "vbaProject" not in part
            if part.startswith("xl/worksheets/sheet"):
                kinds = {found.group(1) for found in re.finditer(r'<c [^>]*?t="(\w+)"', text)}
                assert kinds <= {"inlineStr", "s"}
        assert 'TargetMode="External"' not in "".join(archive.read(part).decode() for part in archive.namelist())
    # What was written is what is read back, character by character.
    sheet = openpyxl.load_workbook(receipt)["退回行"]
    assert [unescape(cell.value) for cell in sheet[2][3:]] == [inert(cell) for cell in cells]
    assert [unescape(cell.value) for cell in sheet[3][3:]] == [inert(cell) for cell in cells2]
    assert {
        cell.data_type for row in sheet.iter_rows() for cell in row if cell.column > 1 and cell.value is not None
    } == {"s"}
    assert receipt.name == "_HYPERLINK(_x_).csv.回执.xlsx"


@given(st.text(max_size=60))
def test_inert_text_is_always_writable(text):
    shown = inert(text)
    assert not any(ord(character) < 32 and character != "\n" for character in shown)
    shown.encode("utf-8")


def test_control_characters_are_shown_and_long_cells_cut():
    assert inert("a\x00b\x1bc\r\n\u202e") == "a␀b␛c␍\n\ufffd"
    long = inert("长" * 40_000)
    assert len(long) == CELL_LIMIT and long.endswith(CUT)
    assert inert(None) == ""


def test_corrected_reject_sheet_is_read_as_a_correction(tmp_path, landing):
    """Units that only a title stated, and the batch, survive the round trip; a second round adds no columns."""
    title = Path(landing / "带标题.csv")
    with open(title, "w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerows(
            [
                ["贷款台账  单位：万元", *[""] * 8],
                HEADER,
                GOOD,
                ["2", "JD0002", "李四", "219900197001010003", *GOOD[4:]],
            ]
        )
    first = read_file(title, title.name, [LOAN], landing)
    assert first.problems == [] and first.units["amount_yuan"] == "万元"
    path = rejects(
        landing, [(4, [("ID_CHECKSUM", "citizen_id", None)], ["2", "JD0002", "李四", "219900197001010003", *GOOD[4:]])]
    )
    receipt = write_receipt(tmp_path / "out", {**BATCH, "reading": first.to_json()}, LOAN, path, first.header)

    again = landing / "again"
    again.mkdir()
    second = read_file(receipt, receipt.name, [LOAN], again)
    assert second.problems == [] and second.correction_of == BATCH["batch_id"] and second.sheet == "退回行"
    assert second.units["amount_yuan"] == second.units["balance_yuan"] == "万元"
    assert set(second.mapping) == set(first.mapping)

    twice = rejects(
        again, [(2, [("ID_CHECKSUM", "citizen_id", None)], [str(cell) for cell in book(receipt)["退回行"][1]])]
    )
    batch = {**BATCH, "batch_id": "b" * 16, "original_name": receipt.name, "reading": second.to_json()}
    other = write_receipt(tmp_path / "out", batch, LOAN, twice, second.header)
    header = book(other)["退回行"][0]
    assert header == book(receipt)["退回行"][0] and book(other)["退回行"][1][3:] == book(receipt)["退回行"][1][3:]


def test_rows_stream_and_split_over_sheets(tmp_path, landing, monkeypatch):
    monkeypatch.setattr(returned, "ROWS_PER_SHEET", 100)
    path = rejects(
        landing, [(row, [("ID_CHECKSUM", "citizen_id", None)], [str(row), *GOOD[1:]]) for row in range(2, 252)]
    )
    found = book(write_receipt(tmp_path / "out", {**BATCH, "rows_quarantined": 250}, LOAN, path, HEADER))
    assert [title for title in found if title.startswith("退回行")] == ["退回行", "退回行2", "退回行3"]
    rows = [row for title in found if title.startswith("退回行") for row in found[title][1:]]
    assert [row[0] for row in rows] == list(range(2, 252)) and [row[3] for row in rows] == [
        str(row) for row in range(2, 252)
    ]


def test_cells_that_the_reader_could_not_split(tmp_path, landing):
    why: list[tuple[str, str | None, str | None]] = [("ROW_STRUCTURE", None, None)]
    path = rejects(landing, [(5, why, [*GOOD, "多", "余"]), (6, why, ["1"]), (7, why, None)])
    rows = book(write_receipt(tmp_path / "out", BATCH, LOAN, path, HEADER))["退回行"][1:]
    assert rows[0][3:] == [*GOOD, "多", "余"] and rows[1][3:5] == ["1", None] and rows[2][0] == 7


def test_a_cell_beyond_the_header_can_be_read_too(tmp_path, landing):
    path = rejects(landing, [(5, [("ROW_STRUCTURE", None, None)], [*GOOD, "辽宁省锦州市北镇市"])])
    sheet = openpyxl.load_workbook(write_receipt(tmp_path / "out", BATCH, LOAN, path, HEADER))["退回行"]
    cell = sheet[2][3 + len(GOOD)]
    assert cell.value == "辽宁省锦州市北镇市" and sheet.column_dimensions[cell.column_letter].width >= 18


def test_created_time_is_the_batchs(tmp_path):
    receipt = write_receipt(tmp_path, BATCH, LOAN, None, HEADER)
    assert openpyxl.load_workbook(receipt).properties.created == dt.datetime(2019, 7, 3, 1, 12, 33)
