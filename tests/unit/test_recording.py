"""What the ledger keeps of a batch: why a row was refused and of which household, and how far each column was filled in."""

from __future__ import annotations

import datetime as dt
import os
import time
from pathlib import Path

import duckdb
import pytest

from connectors.feed import load_feeds
from warehouse import tasks, withdrawing
from warehouse.database import open_warehouse
from warehouse.history import schema

HEADER = ["人编号", "户编号", "数据日期", "姓名", "性别", "证件号码", "出生日期", "与户主关系"]
GOOD, OTHER = "219900195801010006", "219900196203030020"
HOUSE, SECOND = "219900000001", "219900000002"


def person(number: int, house: str, name: str, sex: str, citizen_id: str, relation: str) -> list[str]:
    return [f"2199000000{number:04d}", house, "2019-06-30", name, sex, citizen_id, "1958-01-01", relation]


ROWS = [
    person(1, HOUSE, "王一", "女", GOOD, "户主"),
    person(2, HOUSE, "王二", "", "", "子"),
    person(3, HOUSE, "", "男", "", "子"),
    person(4, SECOND, "李一", "男", OTHER[:-1] + "1", "户主"),
    # Two cells in each other's place.
    person(5, OTHER, "李二", "男", "", "配偶"),
    person(1, HOUSE, "王一", "女", GOOD, "户主"),
    ["合计", "", "", "6人", "", "", "", ""],
]


@pytest.fixture
def batch(data_root: Path) -> str:
    inbox = data_root / "ingest" / "fupinban"
    inbox.mkdir(parents=True)
    path = inbox / "建档立卡人口_20190630.csv"
    path.write_text("\n".join(",".join(row) for row in [HEADER, *ROWS]) + "\n", encoding="utf-8")
    os.utime(path, (time.time() - 3600,) * 2)
    (reference,) = tasks.collect("registry_person")
    feed, batch_id = reference.split("/")
    tasks.organise(feed, batch_id)
    assert tasks.merge(feed, batch_id)["state"] == "merged"
    return reference


def asked(home: Path, sql: str) -> list[tuple]:
    with open_warehouse(home, write=False) as con:
        return con.execute(sql).fetchall()


def test_a_refused_row_tells_its_household_unless_something_else_stands_there(data_root: Path, batch: str) -> None:
    assert asked(data_root, "SELECT source_row, code, household_id FROM ops.reject ORDER BY ALL") == [
        (4, "REQUIRED_MISSING", HOUSE),
        (5, "ID_CHECKSUM", SECOND),
        (6, "PATTERN_MISMATCH", None),
        (7, "DUPLICATE_ROW", HOUSE),
    ]


def test_cells_are_counted_as_written_whether_they_can_be_read_or_not(data_root: Path, batch: str) -> None:
    found = {
        name: rest
        for name, *rest in asked(data_root, 'SELECT "column", is_required, "rows", filled FROM ops.column_fill')
    }
    columns = load_feeds()["registry_person"].columns
    assert found.keys() == {column.name for column in columns}
    assert {name for name, (needed, *_) in found.items() if needed} == {c.name for c in columns if c.required}
    assert {rows for _, rows, _ in found.values()} == {6}
    filled = {name: count for name, (_, _, count) in found.items() if count}
    assert filled == {
        "person_id": 6, "household_id": 6, "data_date": 6, "name": 5, "sex_code": 5, "citizen_id": 3, "birth_date": 6, "relation_code": 6,
    }  # fmt: skip


def test_nothing_is_kept_of_a_batch_that_was_taken_back(data_root: Path, batch: str) -> None:
    withdrawing.withdraw(data_root, batch, load_feeds(), "engineer", "发错了")
    assert asked(data_root, "SELECT count(*) FROM ops.column_fill") == [(0,)]


def test_a_number_says_its_birth_date_sex_and_province_and_nothing_more() -> None:
    con = duckdb.connect()
    schema.create_tables(con, [])
    con.execute(
        "INSERT INTO core.identity SELECT 'citizen_id', unnest(?), unnest([1, 2, 3]), 'b'",
        [[GOOD, "990000" + GOOD[6:], "170000" + GOOD[6:16] + "15"]],
    )
    con.execute("INSERT INTO core.identity VALUES ('disability_cert', ?, 4, 'b')", [GOOD + "41"])
    born = dt.date(1958, 1, 1)
    assert con.execute("FROM core.citizen_mark ORDER BY ALL").fetchall() == [
        (1, born, "2", True),
        (2, born, "2", True),
        (3, born, "1", False),
    ]
