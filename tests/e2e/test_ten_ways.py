"""One table delivered in ten ways, by file, interface and database: ten batches with the same rows."""

from __future__ import annotations

import csv
import datetime as dt
import io
import os
import time
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest

from expectations.parquet import parquet_sql
from tests import databases, workbooks
from tests.connectors.test_rest_support import Reply, serve
from warehouse import keys, tasks
from warehouse.batch import Batch

HEADER = ["id", "sfzh", "xm", "je", "zt", "ffrq", "bz"]
LABELS = ["记录号", "身份证号", "姓名", "金额", "是否展期", "发放日期", "用途"]
ROWS: list[list[Any]] = [
    ["L001", databases.citizen_id(1), "张㳇", 50000, "是", dt.date(2019, 3, 1), "养殖"],
    ["L002", databases.citizen_id(2), "欧阳某𠮷", 3200.5, "否", dt.date(2018, 11, 15), "种植、加工"],
    ["007", databases.citizen_id(3), "王五", 0.01, None, None, None],
]
TEXTS = [LABELS, *[["" if cell is None else str(cell) for cell in row] for row in ROWS]]
BOOK = {"台账": [LABELS, *ROWS]}


def text(delimiter: str) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows(TEXTS)
    return out.getvalue()


FILES: dict[str, bytes] = {
    "gb18030.csv": text(",").encode("gb18030"),
    "utf16.csv": text("\t").encode("utf-16"),
    "台账.xls": workbooks.xls(BOOK),
    "台账.xlsx": workbooks.xlsx(BOOK),
    "台账.xlsb": workbooks.xlsb(BOOK),
    "台账.ods": workbooks.ods(BOOK),
    "网页.xls": workbooks.html_page(BOOK),
    "打包.zip": workbooks.packed({"报表/台账.csv": text(",").encode("gb18030")}),
}
SOURCES = {
    "loan_file": 'kind = "drop"',
    "loan_rest": 'kind = "rest"\nconnection = "ten_rest"\npath = "/loans"\nrecords = "data.list"\ntotal = "data.total"\n'
    '[source.paging]\nkind = "page"\nparam = "page"\nsize_param = "size"\nsize = 2',
    "loan_database": 'kind = "database"\nconnection = "ten_database"\ntable = "ten_ways"',
}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site's three feeds with the same columns; returns the data root."""
    folder = tmp_path / "feeds"
    folder.mkdir()
    for name, source in SOURCES.items():
        declared = databases.declaration(name, source, "snapshot").replace('kind = "database"\nkind', "kind")
        declared = declared.replace("yinhang", f"dept_{name.removeprefix('loan_')}")
        (folder / f"{name}.toml").write_text(declared, encoding="utf-8")
    monkeypatch.setenv("AIRFLOW__FUPIN__FEEDS", str(folder))
    monkeypatch.setenv("AIRFLOW__FUPIN__HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def page(number: int) -> dict[str, Any]:
    records = [
        {
            name: (cell.isoformat() if isinstance(cell, dt.date) else cell)
            for name, cell in zip(HEADER, row, strict=True)
        }
        for row in ROWS[2 * number - 2 : 2 * number]
    ]
    return {"code": 0, "data": {"total": len(ROWS), "list": records}}


def test_one_table_delivered_in_ten_ways_is_ten_batches_of_the_same_rows(site, monkeypatch):
    inbox = site / "ingest" / "dept_file"
    inbox.mkdir(parents=True)
    for number, (name, content) in enumerate(FILES.items()):
        (inbox / name).write_bytes(content)
        os.utime(inbox / name, (time.time() - 3600 + number,) * 2)
    references = tasks.collect("loan_file")

    with serve(lambda asked, _: Reply(page(int(asked.params["page"])))) as running:
        monkeypatch.setenv("AIRFLOW_CONN_TEN_REST", running.url)
        references += tasks.collect("loan_rest")

    server = databases.postgres()
    where = f"host={server.host} port={server.port} user={server.user} dbname=postgres"
    monkeypatch.setenv("AIRFLOW_CONN_TEN_DATABASE", server.airflow("postgres"))
    with psycopg.connect(where, autocommit=True) as session:
        session.execute("DROP TABLE IF EXISTS ten_ways")
        session.execute("CREATE TABLE ten_ways (id text, sfzh char(18), xm text, je numeric(12,2), zt text, ffrq date, bz text)")  # fmt: skip
        for row in ROWS:
            session.execute("INSERT INTO ten_ways VALUES (%s, %s, %s, %s, %s, %s, %s)", row)
        try:
            references += tasks.collect("loan_database")
        finally:
            session.execute("DROP TABLE ten_ways")

    assert len(set(references)) == 10
    found = {}
    con = duckdb.connect()
    keys.unlock(con, site)
    for reference in references:
        feed, batch_id = reference.split("/")
        tasks.organise(feed, batch_id)
        batch = Batch.load(site, reference)
        assert batch.state == "validated", (batch.data["original_name"], batch.data.get("problems"))
        assert batch.data["rows_landed"] == batch.data["rows_read"] == 3
        found[str(batch.data["original_name"])] = [
            hash_ for (hash_,) in con.execute(f"SELECT _hash FROM {parquet_sql(batch.rows)} ORDER BY _hash").fetchall()
        ]
        tasks.merge(feed, batch_id)
        tasks.feedback(feed, batch_id)
    assert len(found) == 10
    expected = found["台账.xlsx"]
    assert len(set(expected)) == 3
    for name, hashes in found.items():
        assert hashes == expected, name
