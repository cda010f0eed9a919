"""A gallery of files that are refused: each gets its code and a Chinese reason, none raises, and the next good file is read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from connectors import encoding
from tests.unit.test_files_support import HEADER, ROWS, codes, csv_text, feed, read

GOOD = csv_text([HEADER, *ROWS])
BIG = csv_text([HEADER, *ROWS * 4000])
HALF = "".join(f"J{n},某镇某村张王李赵甲乙,219900195801010015,1,1,2019-01-01\n" for n in range(4000))

GALLERY: dict[str, tuple[bytes, list[str]]] = {
    "nothing": (b"", ["EMPTY_FILE"]),
    "byte-order mark only": (b"\xef\xbb\xbf", ["EMPTY_FILE"]),
    "UTF-16 mark only": (b"\xff\xfe", ["EMPTY_FILE"]),
    "blank lines only": (b"\r\n \r\n\t\r\n", ["EMPTY_FILE"]),
    "header only": (csv_text([HEADER]).encode(), ["HEADER_ONLY"]),
    "header and blank lines": (csv_text([HEADER, [], [" "]]).encode("gb18030"), ["HEADER_ONLY"]),
    "no header": (csv_text(ROWS).encode(), ["UNKNOWN_HEADER"]),
    "another table": ("商品,单价\n米,3\n".encode(), ["UNKNOWN_HEADER"]),
    "prose": ("关于做好扶贫数据报送工作的通知\n各有关部门：\n请按时报送。\n".encode(), ["UNKNOWN_HEADER"]),
    "columns missing and doubled, a doubtful unit, no rows": (
        "单位：万元\n单位：元\n借据号,借款人姓名,姓名,余额,发放日期\n".encode(),
        ["COLUMN_DUPLICATED", "COLUMN_MISSING", "HEADER_ONLY", "UNIT_AMBIGUOUS"],
    ),
    "the same column twice": (
        csv_text([[*HEADER, "姓名"], *[[*row, "x"] for row in ROWS]]).encode(),
        ["COLUMN_DUPLICATED"],
    ),
    "a quote nobody closes": (BIG.replace("J001,张", 'J001,"张', 1).encode(), ["UNTERMINATED_QUOTE"]),
    "a quote nobody closes, small": (
        csv_text([HEADER, ROWS[0], ["J9", '"x', *ROWS[0][2:]], ROWS[1]]).encode(),
        ["UNTERMINATED_QUOTE"],
    ),
    "a quote closed by another row's": (
        csv_text([HEADER, ROWS[0], ["J9", '"x', *ROWS[0][2:]], ROWS[1], ["J8", 'y"', *ROWS[0][2:]]]).encode(),
        ["UNTERMINATED_QUOTE"],
    ),
    "two whole rows in one quoted cell": (
        csv_text([HEADER, ROWS[0], [*ROWS[1][:5], '"2019-01-01'], [*ROWS[2][:5], '2019-01-01"'], ROWS[1]]).encode(),
        ["UNTERMINATED_QUOTE"],
    ),
    "NUL bytes in a name": (GOOD.replace("王", "王\0").encode(), ["NUL_BYTES"]),
    "NUL bytes far down": (BIG.encode() + b"J5,\0\0,1,1,1,1\n", ["NUL_BYTES"]),
    "zeros after a broken copy": (GOOD.encode() + bytes(5000), ["NUL_BYTES"]),
    "UTF-8 cut inside a character": (BIG.encode() + "J5,张".encode()[:-1], ["ENCODING_INVALID"]),
    "GB18030 cut inside a character": (BIG.encode("gb18030") + "J5,张".encode("gb18030")[:-1], ["ENCODING_INVALID"]),
    "UTF-16 cut inside a character": (GOOD.encode("utf-16") + b"\x20", ["ENCODING_INVALID"]),
    "first half GB18030, then UTF-8": (
        csv_text([HEADER]).encode("gb18030") + HALF.encode("gb18030") + HALF.encode(),
        ["ENCODING_INVALID"],
    ),
    "first half UTF-8, then GB18030": (
        csv_text([HEADER]).encode() + HALF.encode() + HALF.encode("gb18030"),
        ["ENCODING_INVALID"],
    ),
    "two encodings in a small file": (
        csv_text([HEADER, *ROWS]).encode("gb18030") + HALF[:2000].encode() + b"\n",
        ["ENCODING_INVALID"],
    ),
    "overlong UTF-8": (BIG.encode() + b"J5,\xc0\xaf,1,1,1,1\n", ["ENCODING_INVALID"]),
    "ten thousand columns": (
        (",".join(HEADER + [f"列{n}" for n in range(10_000)]) + "\n").encode(),
        ["TOO_MANY_COLUMNS"],
    ),
    "rows that do not fit the header": (
        csv_text([HEADER, *[[*row, "x"] for row in ROWS * 10], ROWS[0]]).encode(),
        ["ROWS_BROKEN"],
    ),
    "a PDF": (b"%PDF-1.7\n" + GOOD.encode(), ["NOT_A_TABLE"]),
    "a gzip file": (b"\x1f\x8b\x08\0" + bytes(range(200)), ["NOT_A_TABLE"]),
}


@pytest.mark.parametrize("kind", GALLERY)
def test_refused_with_code_and_chinese_reason(tmp_path: Path, kind: str) -> None:
    content, expected = GALLERY[kind]
    reading = read(tmp_path, content)
    assert sorted(codes(reading)) == expected
    for problem in reading.problems:
        assert re.search(r"[\u4e00-\u9fff]{4}", problem["message"])
        assert not re.search(r"\d{15}|张㳇|欧阳|某镇", problem["message"])
    assert len(reading.sha256) == 64 and reading.size_bytes == len(content)
    assert codes(read(tmp_path, GOOD)) == []


def test_every_problem_of_a_header_is_named_at_once(tmp_path: Path) -> None:
    message = {
        problem["code"]: problem["message"]
        for problem in read(tmp_path, GALLERY["columns missing and doubled, a doubtful unit, no rows"][0]).problems
    }
    assert (
        "身份证号" in message["COLUMN_MISSING"]
        and "贷款金额" in message["COLUMN_MISSING"]
        and "借据号、借款人姓名、姓名" in message["COLUMN_MISSING"]
    )
    assert "第 2 列“借款人姓名”、第 3 列“姓名”" in message["COLUMN_DUPLICATED"]


def test_an_unknown_header_names_what_was_found_and_what_is_nearest(tmp_path: Path) -> None:
    message = read(tmp_path, "序号,借据号,客户\n1,J1,张三\n").problems[0]["message"]
    assert "序号、借据号、客户" in message and "贷款" in message and "身份证号" in message


@pytest.mark.parametrize(
    ("kind", "row"),
    [
        ("a quote nobody closes", 2),
        ("a quote nobody closes, small", 3),
        ("NUL bytes in a name", 4),
        ("NUL bytes far down", 12_002),
    ],
)
def test_the_line_is_named(tmp_path: Path, kind: str, row: int) -> None:
    assert f"第 {row} 行" in read(tmp_path, GALLERY[kind][0]).problems[0]["message"]


def test_the_offset_of_a_wrong_byte_is_named(tmp_path: Path) -> None:
    content = GALLERY["overlong UTF-8"][0]
    message = read(tmp_path, content).problems[0]["message"]
    assert f"第 {content.index(0xC0) + 1} 个字节" in message and "第 12002 行" in message


def test_a_file_over_the_limit_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__FUPIN__MAX_FILE_BYTES", "100")
    assert codes(read(tmp_path, GOOD)) == ["FILE_TOO_LARGE"]


def test_a_department_without_feeds(tmp_path: Path) -> None:
    other = feed(tmp_path)
    reading = read(tmp_path, "a,b\n1,2\n", [other])
    assert (reading.feed, codes(reading)) == (None, ["UNKNOWN_HEADER"])


def test_few_characters_do_not_prove_an_encoding() -> None:
    # «联通» written in GB18030 is valid UTF-8 by chance.
    assert not encoding.head_encoding("联通,1\n".encode("gb18030")).sure
    assert encoding.head_encoding("联通,1\n张三\n".encode("gb18030")).encoding == "gb18030"
    assert encoding.head_encoding("借据号,借款人姓名,身份证号\n".encode()).sure


def test_a_file_refused_half_way_still_belongs_to_its_feed_with_everything_wrong_named(tmp_path: Path) -> None:
    reading = read(tmp_path, f"{','.join([*HEADER, '姓名'])}\n{','.join([*ROWS[0], '张' + chr(0)])}\n")
    assert (reading.feed, codes(reading)) == ("loans", ["COLUMN_DUPLICATED", "NUL_BYTES"])
