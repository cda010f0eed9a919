"""The wrong file was sent: the department takes it back, and everything is as if it had never come — but for the ledger."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.test_department import HEADER, ROWS, Office
from warehouse.database import open_warehouse

WRONG = [[*ROWS[0][:4], "2019-07-31", "否", "1", "2", "1", "1.00"], [*ROWS[1][:4], "2019-07-31", *ROWS[1][5:]]]
LATER = [[*row[:4], "2019-08-31", *row[5:]] for row in ROWS]


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.setenv("AIRFLOW__FUPIN__HOME", str(tmp_path / "home"))
    return Office(tmp_path / "home")


def asked(office: Office, sql: str) -> list[tuple]:
    with open_warehouse(office.home, write=False) as con:
        return con.execute(sql).fetchall()


BELIEVED = (
    "SELECT village_code, is_poor_village, person_count, valid_from::VARCHAR, valid_to::VARCHAR FROM core.village "
    "WHERE recorded_to = TIMESTAMP '9999-12-31' ORDER BY ALL"
)


def send(office: Office, name: str, rows: list[list[str]]) -> dict:
    office.drop(name, [HEADER, *rows])
    (batch,) = office.load()
    assert batch["state"] == "merged", batch
    return batch


def test_a_department_takes_back_a_file_by_dropping_a_note(office: Office) -> None:
    send(office, "六月.csv", ROWS)
    before = asked(office, BELIEVED)
    wrong = send(office, "七月.csv", [*WRONG, [*ROWS[2][:4], "2019-07-31", *ROWS[2][5:]]])
    assert asked(office, BELIEVED) != before

    note = office.inbox / f"撤回_{wrong['batch_id']}.txt"
    note.write_text("发错了文件，请联系 13800000000", encoding="utf-8")
    (answer,) = office.sync()
    assert answer["state"] == "request"
    assert "已撤回" in office.told(note.name) and wrong["batch_id"] in office.told(note.name)
    assert asked(office, BELIEVED) == before
    # The ledger still shows that it came, who took it back and why; a telephone number has no place in it.
    ((state, by, why, rows),) = asked(
        office,
        f"SELECT state, withdrawn_by, withdrawn_why, rows_landed FROM ops.batch WHERE batch_id = '{wrong['batch_id']}'",
    )
    assert (state, by, rows) == ("withdrawn", "fupinban", 3) and "发错了文件" in why and "138" not in why
    # The same bytes may be sent again and are a delivery like any other.
    again = send(office, "七月.csv", [*WRONG, [*ROWS[2][:4], "2019-07-31", *ROWS[2][5:]]])
    assert again["batch_id"] == f"{wrong['batch_id']}-2" and again["rows_inserted"] == 1


def test_a_note_about_nothing_changes_nothing(office: Office) -> None:
    send(office, "六月.csv", ROWS)
    before = asked(office, BELIEVED)
    (office.inbox / "撤回_0123456789abcdef.txt").write_text("", encoding="utf-8")
    (answer,) = office.load()
    assert answer["state"] == "blocked"
    assert "没有撤回" in office.told("撤回_0123456789abcdef.txt")
    assert asked(office, BELIEVED) == before


def test_an_engineer_takes_back_what_later_files_were_built_on(office: Office) -> None:
    send(office, "六月.csv", ROWS)
    wrong = send(office, "七月.csv", [*WRONG, [*ROWS[2][:4], "2019-07-31", *ROWS[2][5:]]])
    send(office, "八月.csv", LATER)
    office.sync()
    published = (office.home / "published" / "current").resolve()
    done = json.loads(office.fupin("withdraw", f"village/{wrong['batch_id']}", "--why", "发错了文件"))
    assert done["state"] == "withdrawn" and done["rows_ended"] > 0
    # June's content was the same as August's: one fact again, from the day on which it was first told.
    assert {(begins, ends) for *_, begins, ends in asked(office, BELIEVED)} == {("2019-06-30", "9999-12-31")}
    assert (office.home / "published" / "current").resolve() != published
    assert "已撤回" in office.told("七月.csv")
    # What was known in between can still be asked; asking twice changes nothing.
    hidden = asked(
        office,
        "SELECT count(*) FROM core.village WHERE recorded_to < TIMESTAMP '9999-12-31' AND person_count = 2",
    )
    assert hidden[0][0] > 0
    assert asked(office, "SELECT count(*) FROM core.village_as_of('2019-07-31') WHERE person_count = 2") == [(0,)]
    assert json.loads(office.fupin("withdraw", f"village/{wrong['batch_id']}", "--why", "再来一次"))["rows_ended"] == 0


SHEDS = """
name = "shed"
department = "fupinban"
title = "棚户"
grain = "one row per shed"
mode = "snapshot"
partial_by = "village_code"
key = ["shed_no"]
as_of_column = "data_date"
[[columns]]
name = "shed_no"
type = "text"
aliases = ["棚编号"]
required = true
[[columns]]
name = "village_code"
type = "text"
aliases = ["行政村代码"]
[[columns]]
name = "data_date"
type = "date"
aliases = ["数据日期"]
"""
TOWNS = {"甲": "210782100201", "乙": "210782100202", "丙": "210782101201", "丁": "210782101202"}


def sheds(date: str, names: str) -> str:
    rows = "".join(f"{name},{TOWNS[name]},{date}\n" for name in names)
    return f"棚编号,行政村代码,数据日期\n{rows}"


def test_a_township_s_own_file_ends_nothing_elsewhere(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The county's list, then one township's alone: who is missing from it has left, the others were not asked."""
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "shed.toml").write_text(SHEDS, encoding="utf-8")
    monkeypatch.setenv("AIRFLOW__FUPIN__FEEDS", str(tmp_path / "more"))
    (office.inbox / "全县.csv").write_text(sheds("2019-06-30", "甲乙丙丁"), encoding="utf-8")
    assert [batch["state"] for batch in office.load()] == ["merged"]
    (office.inbox / "沟帮子.csv").write_text(sheds("2019-07-31", "甲"), encoding="utf-8")
    assert [batch["state"] for batch in office.load()] == ["merged"]
    assert "210782100" in office.told("沟帮子.csv") and "乡镇的报送" in office.told("沟帮子.csv")
    assert asked(office, "SELECT shed_no FROM core.shed_now ORDER BY 1") == [("丁",), ("丙",), ("甲",)]
    assert asked(office, "SELECT shed_no FROM core.shed_as_of('2019-07-01') ORDER BY 1") == [
        ("丁",),
        ("丙",),
        ("乙",),
        ("甲",),
    ]
    # The next county list is compared with the county's, not with the township's.
    (office.inbox / "全县八月.csv").write_text(sheds("2019-08-31", "甲"), encoding="utf-8")
    (batch,) = office.load()
    assert batch["state"] == "merged" and batch["rows_ended"] == 0
    (office.inbox / "少了很多.csv").write_text(sheds("2019-09-30", "甲丙"), encoding="utf-8")
    (batch,) = office.load()
    assert (batch["state"], batch["reason"]) == ("blocked", "ROW_COUNT_COLLAPSE")


def test_what_was_corrected_goes_with_its_corrections(office: Office) -> None:
    """The reject sheet of a wrong file was filled in and sent back before anybody noticed."""
    wrong = [*ROWS[:2], [*ROWS[2][:6], "一百五十", *ROWS[2][7:]]]
    batch = send(office, "六月.csv", wrong)
    assert batch["rows_quarantined"] == 1
    sheet = office.receipt("六月.csv")["退回行"]
    rows = [[str(cell.value or "") for cell in row] for row in sheet.iter_rows()]
    position = rows[0].index("户籍户数")
    rows[1][position] = "150"
    office.drop("六月更正.csv", rows)
    (correction,) = office.load()
    assert correction["state"] == "merged" and len(asked(office, BELIEVED)) == 3
    office.fupin("withdraw", f"village/{batch['batch_id']}", "--why", "整份都发错了")
    assert asked(office, BELIEVED) == []
    assert asked(office, "SELECT state FROM ops.batch") == [("withdrawn",), ("withdrawn",)]
    assert asked(office, "SELECT count(*) FROM core.identity") == [(0,)]
