"""A real MySQL or MariaDB (see tests/databases.py): exact text, Chinese character sets, sessions that end."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pymysql
import pytest

from connectors import database_rows
from connectors.errors import FupinError, TerminalError, TransientError
from tests import databases
from tests.connectors.database_pull import cells, feed, fetch

CANARY = databases.citizen_id(0)
SOURCE = 'connection = "civil"\ntable = "loan"\n'
NAME = f"fupin_test_{os.getpid()}"


@pytest.fixture
def sql(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """A fresh database, reachable as Airflow connection ``civil``; the function runs a statement in it."""
    server = databases.mysql()
    if isinstance(server, str):
        pytest.skip(server)
    session = pymysql.connect(host=server.host, port=server.port, user=server.user, password=server.password,
                              charset="utf8mb4", autocommit=True)  # fmt: skip
    monkeypatch.setenv("AIRFLOW_CONN_CIVIL", server.airflow(NAME))
    with session, session.cursor() as cursor:

        def run(statement: str, *values: Any) -> Any:
            cursor.execute(statement, values or None)
            return cursor.fetchall()

        run(f"DROP DATABASE IF EXISTS {NAME}")
        run(f"CREATE DATABASE {NAME} CHARACTER SET utf8mb4")
        run(f"USE {NAME}")
        try:
            yield run
        finally:
            run(f"DROP DATABASE {NAME}")


@pytest.mark.parametrize("scanned", [True, False], ids=["scanner", "cursor"])
def test_every_value_arrives_as_its_exact_text(
    sql: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scanned: bool
) -> None:
    if not scanned:  # the way of all other databases, tried against a real server
        monkeypatch.setattr(database_rows, "SCANNERS", {})
    # A driver hands out a BIT as bytes: only the source's own cast makes a number of it.
    flag = "bit(1)" if scanned else "boolean"
    sql(f"""CREATE TABLE `loan ``x` (id bigint unsigned PRIMARY KEY, sfzh char(18), xm varchar(20) CHARACTER SET gbk, je decimal(30,8),
        zt {flag}, ffrq timestamp NULL, bz text CHARACTER SET gb2312, undeclared longblob)""")
    sql("SET time_zone = '+00:00'")
    sql("INSERT INTO `loan ``x` VALUES (%s,%s,%s,%s,%s,%s,%s,NULL)", 18446744073709551615, CANARY, "朱镕基", "1234567890123456789012.10",
        1, "2019-06-30 23:30:00", "两\t行\n\"引'号\"\\N 100%")  # fmt: skip
    sql("INSERT INTO `loan ``x` VALUES (%s,%s,%s,%s,%s,%s,%s,NULL)", 2, CANARY, "李", "0.00000001", 0, None, "")
    found = feed(tmp_path, 'connection = "civil"\ntable = \'' + NAME + '.loan `x\'\nkey_order = ["id"]')
    assert cells(fetch(found, tmp_path / "1")) == [
        ("2", CANARY, "李", "0.00000001", "0", None, None),
        ("18446744073709551615", CANARY, "朱镕基", "1234567890123456789012.10000000", "1", "2019-07-01 07:30:00", "两\t行\n\"引'号\"\\N 100%"),
    ]  # fmt: skip


def loans(sql: Callable[..., Any], rows: int) -> None:
    sql(
        "CREATE TABLE loan (id bigint PRIMARY KEY, sfzh char(18), xm varchar(20), je decimal(14,2), bz text, gxsj datetime(3) NOT NULL)"
    )
    step = 5_000
    for start in range(1, rows + 1, step):
        numbers = range(start, min(start + step, rows + 1))
        values = ",".join(
            f"({i},'{CANARY}','张{i}',{i}.25,'{'备注' * 10}','2019-07-01' + INTERVAL {i // 10} SECOND)" for i in numbers
        )
        sql(f"INSERT INTO loan VALUES {values}")


def test_only_what_is_new_is_read(sql: Callable[..., Any], tmp_path: Path) -> None:
    loans(sql, 100)
    found = feed(tmp_path, SOURCE + 'incremental = "gxsj"\noverlap_seconds = 0\nkey_order = ["id"]\nchunk_rows = 1000')
    first = fetch(found, tmp_path / "1")
    assert len(cells(first)) == 100 and first is not None and first.watermark == "2019-07-01 00:00:10"
    sql("INSERT INTO loan VALUES (101, %s, '张', 1, NULL, '2019-07-01 00:00:10')", CANARY)
    sql("INSERT INTO loan VALUES (102, %s, '张', 1, NULL, '2999-07-01 00:00:10')", CANARY)
    second = fetch(found, tmp_path / "2", first.watermark)
    assert [row[0] for row in cells(second)] == ["100", "101", "102"]
    assert second is not None and second.watermark == "2019-07-01 00:00:10"


def test_the_session_itself_only_reads(sql: Callable[..., Any], tmp_path: Path) -> None:
    if "MariaDB" not in sql("SELECT version()")[0][0]:
        pytest.skip(
            "MySQL knows no read-only statement outside a transaction: there only the account's rights protect it"
        )
    loans(sql, 3)
    sql("CREATE FUNCTION sly() RETURNS int DETERMINISTIC BEGIN DELETE FROM loan WHERE id = 3; RETURN 1; END")
    query = (
        f'connection = "civil"\nquery = "SELECT {NAME}.sly() AS id, sfzh, xm FROM (SELECT 1 AS sfzh, 2 AS xm) AS one"'
    )
    with pytest.raises(FupinError):
        fetch(feed(tmp_path, query), tmp_path / "1")
    assert sql("SELECT count(*) FROM loan") == ((3,),)


def test_types_that_lose_digits_are_refused(sql: Callable[..., Any], tmp_path: Path) -> None:
    sql("CREATE TABLE loan (id int, sfzh double, xm varbinary(20), je float, zt tinyint(1))")
    for source in (SOURCE, 'connection = "civil"\nquery = "SELECT * FROM loan"'):
        pulled = fetch(feed(tmp_path, source), tmp_path / "1")
        assert pulled is not None
        assert [problem["code"] for problem in pulled.reading.problems] == ["COLUMN_INEXACT", "COLUMN_TYPE", "COLUMN_INEXACT"]  # fmt: skip


def test_a_cut_line_leaves_nothing_half_and_a_pull_by_key_goes_on(
    sql: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loans(sql, 20_000)
    server = databases.mysql()
    assert isinstance(server, databases.Server)
    line = databases.Line(server)
    monkeypatch.setenv("AIRFLOW_CONN_CIVIL", server.airflow(NAME, port=line.port))
    whole = cells(fetch(feed(tmp_path, SOURCE, "snapshot"), tmp_path / "whole"))
    size = line.passed
    line.mend(limit=size // 5)
    with pytest.raises(TransientError):
        fetch(feed(tmp_path, SOURCE, "snapshot"), tmp_path / "1")
    assert not list((tmp_path / "1").iterdir())
    found = feed(tmp_path, SOURCE + 'key_order = ["id"]\nchunk_rows = 4000')
    line.mend(limit=size // 2)
    with pytest.raises(TransientError):
        fetch(found, tmp_path / "2")
    assert len(list((tmp_path / "2" / "parts").glob("part-*.parquet"))) in (1, 2)
    line.mend()
    assert cells(fetch(found, tmp_path / "2")) == whole and len(whole) == 20_000
    line.close()


def test_a_killed_session_and_a_statement_that_takes_too_long_cost_a_retry(
    sql: Callable[..., Any], tmp_path: Path
) -> None:
    loans(sql, 20)
    query = f'connection = "civil"\nquery = "SELECT id, sfzh, xm, SLEEP(0.2) AS je FROM {NAME}.loan"\n'
    with pytest.raises(TransientError):
        fetch(feed(tmp_path, query + "statement_timeout_seconds = 1"), tmp_path / "1")
    stopped = threading.Event()

    def end() -> None:
        while not stopped.wait(0.05):
            running = f"SELECT id FROM information_schema.processlist WHERE db = '{NAME}' AND info LIKE '%SLEEP(0.2)%'"
            for (number,) in sql(running + " AND id <> connection_id()"):
                sql(f"KILL {number}")
                return

    killer = threading.Thread(target=end)
    killer.start()
    begun = time.monotonic()
    with pytest.raises(TransientError):
        fetch(feed(tmp_path, query), tmp_path / "2")
    stopped.set()
    killer.join()
    assert time.monotonic() - begun < 4 and not list((tmp_path / "2").iterdir())


def test_wrong_credentials_are_terminal(
    sql: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loans(sql, 1)
    server = databases.mysql()
    assert isinstance(server, databases.Server)
    monkeypatch.setenv("AIRFLOW_CONN_CIVIL", server.airflow(NAME, login="nobody_here", password="s3cret-pw"))
    with pytest.raises(TerminalError) as caught:
        fetch(feed(tmp_path, SOURCE), tmp_path / "1")
    assert "s3cret" not in str(caught.value) and caught.value.__context__ is None
