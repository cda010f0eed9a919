"""What the tests of the reader share: small feeds, and a table read through DuckDB the way the platform does it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from connectors.feed import Feed, load_feed
from connectors.files import misread, read_file, reader_sql, row_number_sql, structure_rejects
from connectors.reading import Reading

LOANS = """
name = "loans"
department = "yinhang"
title = "贷款"
grain = "one row per loan"
mode = "snapshot"
key = ["loan_no"]
subject = ["citizen_id"]
[source]
kind = "drop"
{pins}
[[columns]]
name = "loan_no"
type = "text"
aliases = ["借据号", "借据编号"]
required = true
[[columns]]
name = "name"
type = "name"
aliases = ["借款人姓名", "姓名"]
required = true
[[columns]]
name = "citizen_id"
type = "citizen_id"
aliases = ["身份证号", "身份证件号"]
required = true
sensitivity = "identifier"
[[columns]]
name = "amount_yuan"
type = "money"
aliases = ["贷款金额", "金额"]
unit = "元"
required = true
[[columns]]
name = "balance_yuan"
type = "money"
aliases = ["余额"]
unit = "元"
[[columns]]
name = "issued_date"
type = "date"
aliases = ["发放日期"]
"""

MEMBERS = """
name = "members"
department = "yinhang"
title = "合作社成员"
grain = "one row per member"
mode = "upsert"
key = ["member_no"]
[[columns]]
name = "member_no"
type = "text"
aliases = ["成员编号"]
required = true
[[columns]]
name = "name"
type = "name"
aliases = ["姓名"]
required = true
[[columns]]
name = "citizen_id"
type = "citizen_id"
aliases = ["身份证号"]
required = true
sensitivity = "identifier"
"""

HEADER = ["借据号", "借款人姓名", "身份证号", "贷款金额", "余额", "发放日期"]
# Division 219900 does not exist: no person can bear these numbers.
ROWS = [
    ["J001", "张㳇", "219900195801010015", "5", "3.2", "2019-03-01"],
    ["J002", "欧阳某𠮷", "219900196203040023", "3", "0", "2018-11-15"],
    ["J003", "王五", "21990019710520003X", "12", "12", "2019-06-30"],
]


def feed(folder: Path, source: str = LOANS, pins: str = "") -> Feed:
    """A feed from TOML text."""
    name = source.split('name = "', 1)[1].split('"', 1)[0]
    path = folder / f"{name}.toml"
    path.write_text(source.replace("{pins}", pins), encoding="utf-8")
    return load_feed(path)


def csv_text(rows: list[list[str]], delimiter: str = ",", end: str = "\n") -> str:
    return "".join(delimiter.join(row) + end for row in rows)


def read(
    tmp_path: Path, content: bytes | str, feeds: list[Feed] | None = None, name: str = "loans.csv", **options: Any
) -> Reading:
    """Read ``content`` as a delivered file of the loans feed."""
    source = tmp_path / "source.bin"
    source.write_bytes(content.encode() if isinstance(content, str) else content)
    work = tmp_path / "work"
    work.mkdir(exist_ok=True)
    return read_file(source, name, feeds or [feed(tmp_path)], work, **options)


def landed(tmp_path: Path, reading: Reading) -> list[tuple[Any, ...]]:
    """The records as they land: (sender's row number, the mapped columns in declared order); COPY, check, number."""
    connection = duckdb.connect()
    parquet = tmp_path / "rows.parquet"
    columns = ", ".join(f"c{index}" for index in reading.mapping.values())
    counted = connection.execute(
        f"COPY (SELECT {columns} FROM {reader_sql(reading)}) TO '{parquet}' (FORMAT parquet)"
    ).fetchone()
    assert not misread(connection, reading, counted[0] if counted else 0)
    broken = [row for row, _ in structure_rejects(connection, reading)]
    numbered = row_number_sql(reading, f"read_parquet('{parquet}', file_row_number = true)", broken=broken)
    return connection.execute(f"SELECT _row, {columns} FROM ({numbered}) ORDER BY _row").fetchall()


def broken(reading: Reading) -> list[tuple[int, str]]:
    return structure_rejects(duckdb.connect(), reading)


def codes(reading: Reading) -> list[str]:
    return [problem["code"] for problem in reading.problems]
