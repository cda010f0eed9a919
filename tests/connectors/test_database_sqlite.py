"""A SQLite file: the way of every database without a scanner of DuckDB's, in blocks by a cursor; and drivers that are not there."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors import connections, database_engine, pull
from connectors.errors import DeclarationError, TerminalError, TransientError
from tests import databases
from tests.connectors.database_pull import cells, feed, fetch

CANARY = databases.citizen_id(0)
SOURCE = 'connection = "civil"\ntable = "loan"\n'


@pytest.fixture
def civil(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sqlite3.Connection]:
    """A SQLite file, reachable as Airflow connection ``civil``."""
    path = tmp_path / "civil.db"
    monkeypatch.setenv("AIRFLOW_CONN_CIVIL", json.dumps({"conn_type": "sqlite", "host": str(path)}))
    session = sqlite3.connect(path, isolation_level=None)
    yield session
    session.close()


def loans(civil: sqlite3.Connection, rows: int) -> None:
    civil.execute("CREATE TABLE loan (id INTEGER PRIMARY KEY, sfzh TEXT, xm TEXT, je TEXT, bz TEXT, gxsj DATETIME)")
    civil.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) INSERT INTO loan "
        "SELECT i, ?, '张' || i, i || '.25', '备注', datetime('2019-07-01', (i / 10) || ' seconds') FROM n",
        (rows, CANARY),
    )


def test_every_value_arrives_as_its_exact_text(civil: sqlite3.Connection, tmp_path: Path) -> None:
    civil.execute(
        'CREATE TABLE "贷款 ""台账" (id INTEGER, sfzh TEXT, xm TEXT, je TEXT, zt BOOLEAN, ffrq DATE, bz, undeclared BLOB)'
    )
    values = [
        (
            9007199254740993,
            CANARY,
            "张㳇𠮷",
            "1234567890123456789.10",
            True,
            "2019-06-30",
            '两\t行\n"引\'号"\\N 100%',
            b"\x00",
        ),
        (3, CANARY, "王", None, None, None, "", None),
    ]
    civil.executemany('INSERT INTO "贷款 ""台账" VALUES (?,?,?,?,?,?,?,?)', values)
    found = feed(tmp_path, 'connection = "civil"\ntable = \'贷款 "台账\'\nkey_order = ["id"]')
    assert cells(fetch(found, tmp_path / "1")) == [
        ("3", CANARY, "王", None, None, None, None),
        ("9007199254740993", CANARY, "张㳇𠮷", "1234567890123456789.10", "1", "2019-06-30", '两\t行\n"引\'号"\\N 100%'),
    ]


def test_a_number_with_lost_digits_or_bytes_in_a_text_column_hold_the_pull(
    civil: sqlite3.Connection, tmp_path: Path
) -> None:
    civil.execute("CREATE TABLE loan (id INTEGER, sfzh, xm TEXT)")
    for value, code in ((2.1990019500101e17, "COLUMN_INEXACT"), (b"\xff\x00", "COLUMN_TYPE")):
        civil.execute("DELETE FROM loan")
        civil.execute("INSERT INTO loan VALUES (1, ?, '张')", (value,))
        pulled = fetch(feed(tmp_path, SOURCE), tmp_path / "1")
        assert pulled is not None and [problem["code"] for problem in pulled.reading.problems] == [code]
        assert pulled.reading.rows == 0 and "2199" not in json.dumps(pulled.reading.problems)


def test_only_what_is_new_is_read_in_chunks_of_the_key(civil: sqlite3.Connection, tmp_path: Path) -> None:
    loans(civil, 2_500)
    source = SOURCE + 'incremental = "gxsj"\noverlap_seconds = 0\nkey_order = ["id"]\nchunk_rows = 1000'
    first = fetch(feed(tmp_path, source), tmp_path / "1")
    assert [row[0] for row in cells(first)] == [str(number) for number in range(1, 2_501)]
    assert first is not None and first.watermark == "2019-07-01 00:04:10"
    civil.execute("INSERT INTO loan SELECT 2501, sfzh, xm, je, bz, '2019-07-01 00:04:10' FROM loan WHERE id = 1")
    civil.execute("INSERT INTO loan SELECT 2502, sfzh, xm, je, bz, '2999-01-01 00:00:00' FROM loan WHERE id = 1")
    second = fetch(feed(tmp_path, source), tmp_path / "2", first.watermark)
    assert [row[0] for row in cells(second)] == ["2500", "2501", "2502"]
    assert second is not None and second.watermark == "2019-07-01 00:04:10"


def test_a_large_table_is_never_in_memory_as_a_whole(civil: sqlite3.Connection, tmp_path: Path) -> None:
    civil.execute("CREATE TABLE loan (id INTEGER, sfzh TEXT, xm TEXT, bz TEXT)")
    civil.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000) "
        "INSERT INTO loan SELECT i, ?, '张', hex(randomblob(500)) FROM n",
        (CANARY,),
    )
    (tmp_path / "1").mkdir()
    found = feed(tmp_path, SOURCE, "snapshot")
    # A process of its own: what other tests have left in memory is not this pull's.
    script = (
        "import resource, sys; from pathlib import Path; from connectors import database_rows, pull; from connectors.feed import load_feed\n"
        "import duckdb, sqlalchemy.dialects.sqlite; from airflow.sdk import Connection\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "work = Path(sys.argv[2]); before = peak()\n"
        "found = pull.pull(pull.Request(load_feed(Path(sys.argv[1])), work, memory_bytes=64 * 2**20, spill=work.parent / 'spill'))\n"
        "print(found.reading.rows, peak() - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(found.path), str(tmp_path / "1")], capture_output=True, text=True, check=True
    )
    rows, kilobytes = map(int, done.stdout.split())
    assert rows == 60_000
    # 64 MB for DuckDB, and Python's own blocks and libraries that are loaded on the way.
    assert kilobytes < 160 * 1024, kilobytes


def test_the_file_is_opened_to_read_and_a_statement_has_its_time(civil: sqlite3.Connection, tmp_path: Path) -> None:
    loans(civil, 5_000)
    with pytest.raises(TerminalError, match="changes nothing"):
        fetch(feed(tmp_path, 'connection = "civil"\nquery = "WITH a AS (SELECT 1) DELETE FROM loan"'), tmp_path / "1")
    engine = database_engine.engine(connections.get("civil"), 60)
    with engine.connect() as session, pytest.raises(Exception, match="readonly"):
        session.exec_driver_sql("DELETE FROM loan")
    query = "SELECT a.id, a.sfzh, a.xm FROM loan a, loan b, loan c WHERE a.xm || b.xm || c.xm = ''"
    with pytest.raises(TransientError):
        fetch(feed(tmp_path, f'connection = "civil"\nquery = "{query}"\nstatement_timeout_seconds = 1'), tmp_path / "2")
    assert not list((tmp_path / "2").iterdir())


def test_a_past_day_is_asked_for_by_its_column(civil: sqlite3.Connection, tmp_path: Path) -> None:
    loans(civil, 30)
    found = feed(tmp_path, SOURCE + 'as_of = "gxsj"')
    assert len(cells(fetch(found, tmp_path / "1", as_of=dt.date(2019, 7, 1)))) == 30
    assert len(cells(fetch(found, tmp_path / "2", as_of=dt.date(2019, 7, 2)))) == 0


def test_a_file_that_is_not_there_costs_a_retry_and_none_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "missing.db"
    for host, expected in ((str(path), TransientError), ("relative.db", TerminalError)):
        monkeypatch.setenv("AIRFLOW_CONN_CIVIL", json.dumps({"conn_type": "sqlite", "host": host}))
        with pytest.raises(expected) as caught:
            fetch(feed(tmp_path, SOURCE), tmp_path / "1")
        assert "missing.db" not in str(caught.value)
    assert not path.exists()


@pytest.mark.parametrize(
    ("conn_type", "module", "package"),
    [
        ("postgres", "psycopg", "psycopg[binary]"), ("mysql", "pymysql", "PyMySQL"), ("oracle", "oracledb", "oracledb"),
        ("mssql", "pymssql", "pymssql"), ("dm", "dmPython", "dmPython dmSQLAlchemy"),
    ],
)  # fmt: skip
def test_a_missing_driver_is_named_with_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, conn_type: str, module: str, package: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setenv(
        "AIRFLOW_CONN_CIVIL",
        json.dumps({"conn_type": conn_type, "host": "127.0.0.1", "login": "u", "password": "s3cret"}),
    )
    with pytest.raises(TerminalError) as caught:
        pull.check(feed(tmp_path, SOURCE))
    assert str(caught.value).endswith(f"pip install {package}") and "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "mode", "message"),
    [
        ("connection = 'civil'", "upsert", "exactly one of table and query"),
        ("table = 'loan'", "upsert", "connection must be"),
        (SOURCE + "tabel = 1", "upsert", r"unknown keys \['tabel'\]"),
        ("connection = 'civil'\nquery = 'DELETE FROM loan'", "upsert", "one SELECT"),
        ("connection = 'civil'\nquery = 'SELECT 1; SELECT 2'", "upsert", "one SELECT"),
        (SOURCE + "incremental = 'gxsj'", "snapshot", "has ended"),
        (SOURCE + "chunk_rows = 5000", "upsert", "needs key_order"),
        (SOURCE + "overlap_seconds = 5", "upsert", "needs incremental"),
        (SOURCE + "statement_timeout_seconds = 0", "upsert", "from 1 to 86400"),
    ],
)
def test_a_wrong_declaration_names_its_key(tmp_path: Path, source: str, mode: str, message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        feed(tmp_path, source, mode)
