"""``fupin inspect`` tells what a file would become, row by row, and leaves nothing behind."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest

from tests import workbooks
from tests.unit.test_files_support import HEADER, LOANS, MEMBERS, csv_text
from warehouse.cli.main import main

IDS = [workbooks.sound_id(f"219900195801{day:02d}000") for day in range(10, 14)]
GOOD = ["J1", "张㳇", IDS[0], "1.5", "", "2019.7.16"]


@pytest.fixture
def look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Inspect a file with these contents; returns exit code and standard output."""
    feeds = tmp_path / "feeds"
    feeds.mkdir()
    for name, source in (("loans", LOANS.replace("{pins}", "")), ("members", MEMBERS)):
        (feeds / f"{name}.toml").write_text(source, encoding="utf-8")
    home = tmp_path / "home"
    home.mkdir()
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("AIRFLOW__FUPIN__HOME", str(home))
    monkeypatch.setenv("AIRFLOW__FUPIN__FEEDS", str(feeds))
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))

    def run(name: str, content: bytes, *words: str) -> tuple[int, str]:
        path = tmp_path / name
        path.write_bytes(content)
        before = path.stat()
        code = main(["inspect", str(path), *words])
        assert path.read_bytes() == content and path.stat().st_mtime_ns == before.st_mtime_ns
        assert list(home.iterdir()) == [] and list(scratch.iterdir()) == []
        printed = capsys.readouterr()
        assert printed.err == ""
        return code, printed.out

    return run


@pytest.mark.parametrize("same_disk", [True, False])
def test_a_plain_file_that_duckdb_reads_where_it_lies(
    look: Any, monkeypatch: pytest.MonkeyPatch, same_disk: bool
) -> None:
    if not same_disk:

        def refuse(*_: Any) -> None:
            raise OSError("another disk")

        monkeypatch.setattr("os.link", refuse)
    code, out = look("台账_20190630.csv", csv_text([HEADER, GOOD]).encode(), "--json")
    (batch,) = json.loads(out)["batches"]
    assert (code, batch["encoding"], batch["rows_landed"]) == (0, "utf-8", 1)


def test_every_row_that_would_land_or_be_sent_back_is_told(look: Any) -> None:
    rows = [
        ["台账 单位：万元"],
        HEADER,
        GOOD,
        ["J2", "乙", "2.19E+17", "2", "", ""],
        ["合计", "", "", "3.5", "", ""],
        ["J3", "丙", IDS[1], "1", "", "", "9"],
    ]
    code, out = look("台账_20190630.csv", csv_text(rows).encode("gb18030"), "--json")
    assert code == 0
    seen = json.loads(out)
    (batch,) = seen["batches"]
    assert (batch["feed"], batch["encoding"], batch["header_row"], batch["as_of"], batch["as_of_source"]) == (
        "loans",
        "gb18030",
        2,
        "2019-06-30",
        "file_name",
    )
    assert (batch["rows_read"], batch["rows_landed"], batch["rows_quarantined"]) == (3, 1, 2)
    assert batch["skipped"] == [{"row": 5, "kind": "total"}]
    values = {
        "loan_no": "J1",
        "name": "张㳇",
        "citizen_id": IDS[0],
        "amount_yuan": "15000.00",
        "balance_yuan": None,
        "issued_date": "2019-07-16",
    }
    assert batch["rows"] == [{"row": 3, "where": None, "values": values}]
    first, second = batch["rejected"]
    assert (first["row"], first["reasons"][0]["code"], first["cells"]["身份证号"]) == (4, "ID_SCI_NOTATION", "2.19E+17")
    assert "文本" in first["reasons"][0]["message"]
    assert (second["row"], second["reasons"][0]["code"], second["cells"]["#7"]) == (6, "ROW_STRUCTURE", "9")


def test_the_table_for_people_says_what_and_why_and_shows_no_cell(look: Any) -> None:
    content = workbooks.xls({"城关镇": [HEADER, GOOD], "沟帮子镇": [HEADER, ["J2", "乙", IDS[1], "两", "", ""]]})
    code, out = look("台账.et", content)
    assert code == 0
    for told in ("loans 贷款", "身份证号 → citizen_id", "共读取 2 个工作表", "MONEY_INVALID", "rows_landed"):
        assert told in out
    assert not any(cell in out for cell in (*IDS, "张㳇", "J1"))


def test_a_file_of_several_feeds_is_several_batches_and_rows_say_where_they_stood(look: Any) -> None:
    files = {
        "一.csv": csv_text([HEADER, GOOD]).encode(),
        "二.xlsx": workbooks.xlsx({"表": [HEADER, ["J2", "乙", IDS[1], 2, None, None]]}),
        "成员.csv": csv_text([["成员编号", "姓名", "身份证号"], ["M1", "甲", IDS[2]]]).encode("utf-16"),
    }
    code, out = look("报送.zip", workbooks.packed(files), "--json")
    loans, members = json.loads(out)["batches"]
    assert code == 0 and (loans["feed"], members["feed"]) == ("loans", "members")
    assert [(row["row"], row["where"]) for row in loans["rows"]] == [(2, "一.csv 第 2 行"), (3, "二.xlsx 第 2 行")]
    assert members["rows"][0]["values"]["citizen_id"] == IDS[2]


def test_a_file_that_would_be_refused_says_why_and_lands_nothing(look: Any) -> None:
    code, out = look("台账.csv", csv_text([[*HEADER[:3], HEADER[4]], GOOD[:4]]).encode(), "--json", "--feed", "loans")
    (batch,) = json.loads(out)["batches"]
    assert code == 1 and [problem["code"] for problem in batch["problems"]] == ["COLUMN_MISSING"]
    assert (batch["rows"], batch["rejected"]) == ([], [])
    code, out = look("通知.pdf", b"%PDF-1.7 x")
    assert code == 1 and "NOT_A_TABLE" in out and "not recognised" in out
