"""A sheet or a file for each township is one batch; what a zip may not be is refused; every row can be found again."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests import workbooks
from tests.unit.test_files_support import HEADER, MEMBERS, ROWS, broken, codes, csv_text, feed, landed, read
from tests.workbooks import packed

TOWNS = {"城关镇": [HEADER, ROWS[0], ROWS[1]], "沟帮子镇": [["沟帮子镇台账"], HEADER, ROWS[2]], "空镇": [HEADER]}


def where(tmp_path: Path, reading: Any) -> list[Any]:
    """What the column behind the data says of each row."""
    reading.mapping = {**reading.mapping, "": len(reading.header) - 1}
    return [(row[0], row[-1]) for row in landed(tmp_path, reading)]


@pytest.mark.parametrize("kind", workbooks.BOOKS)
def test_a_sheet_for_each_township_is_one_batch_with_all_rows(tmp_path: Path, kind: str) -> None:
    reading = read(tmp_path, workbooks.BOOKS[kind]({"填表说明": [["说明"], ["请如实填报"]], **TOWNS}))
    assert (reading.problems, reading.rows, reading.format) == ([], 3, kind)
    assert [row[:2] for row in landed(tmp_path, reading)] == [(2, "J001"), (3, "J002"), (4, "J003")]
    assert where(tmp_path, reading) == [(2, "城关镇 第 2 行"), (3, "城关镇 第 3 行"), (4, "沟帮子镇 第 3 行")]
    notes = "\n".join(reading.notes)
    assert "共读取 3 个工作表" in notes and "工作表“空镇”只有表头" in notes and "没有读取：填表说明" in notes
    assert "“沟帮子镇”的数据行编为第 4–4 行（原第 3 行起）" in notes
    assert [path.name for path in (tmp_path / "work").iterdir()] == ["text.csv"]


def test_sheets_with_other_column_orders_are_put_together_by_name(tmp_path: Path) -> None:
    turned = [[*row[1:3], row[0], "备", *row[3:5]] for row in [HEADER, ROWS[1]]]
    reading = read(tmp_path, workbooks.xlsx({"一": [HEADER, ROWS[0]], "二": turned}))
    assert landed(tmp_path, reading) == [(2, *ROWS[0]), (3, *ROWS[1][:5], None)]
    assert reading.undeclared == ["备"]


def test_a_township_whose_sheet_lost_a_column_refuses_the_workbook_and_is_named(tmp_path: Path) -> None:
    reading = read(
        tmp_path, workbooks.xlsx({"城关镇": TOWNS["城关镇"], "沟帮子镇": [[*HEADER[:3], "数", *HEADER[4:]], ROWS[2]]})
    )
    assert codes(reading) == ["COLUMN_MISSING"] and "工作表“沟帮子镇”" in reading.problems[0]["message"]
    assert reading.feed == "loans"


def test_sheets_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    units = {"一": [["单位：万元"], HEADER, ROWS[0]], "二": [["单位：元"], HEADER, ROWS[1]]}
    assert codes(read(tmp_path, workbooks.xlsx(units))) == ["UNIT_AMBIGUOUS"]
    dates = {"一": [["截至2019年6月30日"], HEADER, ROWS[0]], "二": [["截至2019年7月31日"], HEADER, ROWS[1]]}
    assert codes(read(tmp_path, workbooks.xlsx(dates))) == ["PARTS_DIFFER"]


def test_townships_in_a_zip_are_one_batch_whatever_each_is_saved_as(tmp_path: Path) -> None:
    messy = csv_text([["台账"], HEADER, ROWS[0], ["合计"], [], ROWS[1]], "\t").encode("gb18030")
    files = {
        "北镇市/城关镇_20190630.csv": messy,
        "北镇市/沟帮子镇_20190630.xls": workbooks.xls({"一": [HEADER, ROWS[2]], "二": [HEADER, ROWS[0]]}),
        "北镇市/说明.txt": "报送说明".encode(),
        "__MACOSX/._城关镇.csv": b"\0\1",
    }
    reading = read(tmp_path, packed(files), name="报送.zip")
    assert (reading.problems, reading.format, reading.rows, reading.as_of) == ([], "zip", 4, "2019-06-30")
    assert [row[:2] for row in landed(tmp_path, reading)] == [(3, "J001"), (6, "J002"), (7, "J003"), (8, "J001")]
    assert broken(reading) == [(4, "MISSING COLUMNS")] and reading.gaps == [5]
    assert where(tmp_path, reading) == [
        (3, "城关镇_20190630.csv 第 3 行"), (6, "城关镇_20190630.csv 第 6 行"),
        (7, "沟帮子镇_20190630.xls 一 第 2 行"), (8, "沟帮子镇_20190630.xls 二 第 2 行"),
    ]  # fmt: skip
    assert "没有读取：说明.txt" in "".join(reading.notes)
    assert {path.name for path in (tmp_path / "work").iterdir()} == {"text.csv", "structure.csv"}


def test_names_of_members_may_be_in_the_senders_encoding(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as package:
        for name in ("town_one.csv", "town_two.csv"):
            package.writestr(name, csv_text([HEADER, ROWS[0]]))
    # Eight bytes of a name written without the mark for UTF-8.
    content = path.read_bytes().replace(b"town_one", "城关镇一".encode("gb18030"))
    assert "文件“城关镇一.csv”" in "".join(read(tmp_path, content).notes)


def test_files_of_several_feeds_in_a_zip_are_told_apart(tmp_path: Path) -> None:
    feeds = [feed(tmp_path), feed(tmp_path, MEMBERS)]
    members = csv_text([["成员编号", "姓名", "身份证号"], ["M1", "甲", "219900195801010015"]])
    content = packed({"贷款.csv": csv_text([HEADER, *ROWS]).encode(), "成员.csv": members.encode("gb18030")})
    assert read(tmp_path, content, feeds).several == ["loans", "members"]
    assert list((tmp_path / "work").iterdir()) == []
    alone = read(tmp_path, content, feeds, only="members")
    assert (alone.feed, alone.rows, alone.problems) == ("members", 1, [])


GOOD = csv_text([HEADER, *ROWS]).encode()


def twice() -> bytes:
    with pytest.warns(UserWarning, match="Duplicate"):
        return packed([("a.csv", GOOD), ("a.csv", GOOD.replace(b"J001", b"J009"))])


def encrypted() -> bytes:
    """A zip whose member says that it is encrypted."""
    content = bytearray(packed({"a.csv": GOOD}))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + place] |= 1
    return bytes(content)


HOSTILE = {
    "a zip in a zip": (lambda: packed({"a.csv": GOOD, "b.zip": packed({"c.csv": GOOD})}), "ZIP_NESTED"),
    "a path upwards": (lambda: packed({"a.csv": GOOD, "../../evil.csv": GOOD}), "ZIP_MEMBER_PATH"),
    "an absolute path": (lambda: packed({"/etc/cron.d/evil": GOOD}), "ZIP_MEMBER_PATH"),
    "a path with backslashes": (lambda: packed({"..\\evil.csv": GOOD}), "ZIP_MEMBER_PATH"),
    "a drive": (lambda: packed({"C:\\evil.csv": GOOD}), "ZIP_MEMBER_PATH"),
    "the same member twice": (twice, "ZIP_MEMBER_TWICE"),
    "the same name in two spellings": (lambda: packed({"A.csv": GOOD, "a.CSV": GOOD}), "ZIP_MEMBER_TWICE"),
    "a bomb": (lambda: packed({"a.csv": GOOD + b"x" * 40_000_000}), "ZIP_TOO_LARGE"),
    "thousands of files": (lambda: packed({f"{n}.csv": b"" for n in range(1001)}), "ZIP_TOO_LARGE"),
    "a password": (encrypted, "ZIP_ENCRYPTED"),
    "nothing in it": (lambda: packed({}), "ZIP_EMPTY"),
    "papers only": (lambda: packed({"readme.txt": b"hello, this is no table"}), "ZIP_EMPTY"),
    "a file that is no table among good ones": (lambda: packed({"a.csv": GOOD, "b.csv": b"x,y\n1,2\n"}), "UNKNOWN_HEADER"),
    "a broken file among good ones": (lambda: packed({"a.csv": GOOD, "b.csv": GOOD + b"J9,\0,1,1,1,1\n"}), "NUL_BYTES"),
    "cut in half": (lambda: packed({"a.csv": GOOD * 50, "b.csv": GOOD})[:-60], "WORKBOOK_DAMAGED"),
    "a flipped byte": (lambda: packed({"a.csv": GOOD}).replace(b"\x08\0", b"\x07\0", 2), "ZIP_DAMAGED"),
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_zip_is_refused_whole(tmp_path: Path, kind: str) -> None:
    make, code = HOSTILE[kind]
    reading = read(tmp_path, make(), name="报送.zip")
    assert codes(reading) == [code]
    assert list((tmp_path / "work").iterdir()) == []
    assert not (tmp_path / "evil.csv").exists() and not (tmp_path.parent / "evil.csv").exists()


def test_a_zip_that_calls_itself_a_workbook_is_told_so(tmp_path: Path) -> None:
    reading = read(tmp_path, packed({"readme.txt": b"hello, this is no table"}), name="报送.xlsx")
    assert codes(reading) == ["WORKBOOK_FAKE"] and "压缩包" in reading.problems[0]["message"]


def test_two_tables_in_a_sheet_are_refused(tmp_path: Path) -> None:
    other = [HEADER[2], HEADER[0], HEADER[1], *HEADER[3:]]
    reading = read(tmp_path, workbooks.xlsx({"一": [HEADER, *ROWS, [], other, *ROWS]}))
    assert codes(reading) == ["TABLES_SEVERAL"] and "第 6 行" in reading.problems[0]["message"]
    assert codes(read(tmp_path, workbooks.xlsx({"一": [HEADER, *ROWS, [], HEADER, *ROWS]}))) == []
