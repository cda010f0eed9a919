"""Which files are taken as a delta (增量): only those that say so, and nobody who leaves is told by one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import workbooks
from tests.unit.test_files_support import HEADER, LOANS, ROWS, codes, csv_text, feed, read


@pytest.mark.parametrize(
    ("name", "is_delta"),
    [
        ("贷款增量_20190731.csv", True),
        ("贷款 增 量.csv", True),
        ("七月贷款变更表.csv", True),
        ("贷款变动表.csv", True),
        ("新增名单.csv", True),
        ("贷款_20190731.csv", False),
        ("贷款变更.csv", False),
        ("贷款全量（含增量）.csv", False),
        ("存量和增量贷款.csv", False),
        ("贷款增减变动表.csv", False),
        ("贷款减少名单.csv", False),
    ],
)
def test_a_file_name_says_that_only_what_changed_is_in_it(tmp_path: Path, name: str, is_delta: bool) -> None:
    reading = read(tmp_path, csv_text([HEADER, *ROWS]), name=name)
    assert (reading.delta, reading.problems) == (is_delta, [])
    assert any(note.startswith("按增量处理：文件名") and "不视为减少" in note for note in reading.notes) == is_delta


@pytest.mark.parametrize(
    ("title", "is_delta"),
    [
        ("七月扶贫贷款变更表", True),
        ("农村贷款（增量）", True),
        ("农村贷款花名册", False),
        ("备注：本月增量", False),
        ("请各乡镇核对全部贷款后报送，不要只报送本月的增量部分，逾期不再受理，如有疑问请与县扶贫办联系", False),
        ("贷款增量（全量见附件）", False),
    ],
)
def test_a_title_row_says_so_too_but_no_instruction(tmp_path: Path, title: str, is_delta: bool) -> None:
    assert read(tmp_path, csv_text([[title], HEADER, *ROWS])).delta is is_delta


def test_what_speaks_against_it_is_told(tmp_path: Path) -> None:
    reading = read(tmp_path, csv_text([["贷款注销情况"], HEADER, *ROWS]), name="贷款增量.csv")
    assert not reading.delta and any("同时写了“注销”，没有按增量处理" in note for note in reading.notes)


def test_a_header_or_a_cell_with_the_word_is_no_mark(tmp_path: Path) -> None:
    rows = [[*row, "增量"] for row in ROWS]
    assert not read(tmp_path, csv_text([[*HEADER, "增量情况"], *rows])).delta


def test_a_feed_that_is_no_full_list_needs_no_mark(tmp_path: Path) -> None:
    declared = LOANS.replace('mode = "snapshot"', 'mode = "upsert"')
    reading = read(tmp_path, csv_text([HEADER, *ROWS]), [feed(tmp_path, declared)], name="贷款增量.csv")
    assert not reading.delta and not any("增量" in note for note in reading.notes)


def test_the_sheet_s_name_counts_and_sheets_must_agree(tmp_path: Path) -> None:
    table = [HEADER, *ROWS]
    assert read(tmp_path, workbooks.xlsx({"本月增量": table}), name="贷款.xlsx").delta
    other = [HEADER, *([f"9{row[0]}", *row[1:]] for row in ROWS)]
    both = read(tmp_path, workbooks.xlsx({"本月增量": table, "沟帮子镇": other}), name="贷款.xlsx")
    assert codes(both) == ["PARTS_DIFFER"]
    named = read(tmp_path, workbooks.xlsx({"大市镇": table, "沟帮子镇": other}), name="贷款增量.xlsx")
    assert named.delta and named.problems == []


def test_a_zip_s_name_counts_for_the_files_in_it(tmp_path: Path) -> None:
    packed = workbooks.packed({"贷款.csv": csv_text([HEADER, *ROWS]).encode()})
    assert read(tmp_path, packed, name="增量.zip").delta
    assert not read(tmp_path, packed, name="贷款.zip").delta
