"""A PostgreSQL of our own: exact text, the watermark, and connections that break."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest

from connectors import pull
from connectors.errors import FupinError, TerminalError, TransientError
from connectors.feed import Feed, load_feed
from tests import databases

CANARY = "219900195001010009"


@pytest.fixture
def sql(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """A fresh database, reachable as Airflow connection ``civil``; the function runs a statement in it."""
    server = databases.postgres()
    where = {"host": server.host, "port": server.port, "user": server.user}
    with psycopg.connect(**where, dbname="postgres", autocommit=True) as admin:
        admin.execute("DROP DATABASE IF EXISTS civil WITH (FORCE)")
        admin.execute("CREATE DATABASE civil")
    monkeypatch.setenv("AIRFLOW_CONN_CIVIL", server.airflow("civil"))
    with psycopg.connect(**where, dbname="civil", autocommit=True) as session:

        def run(statement: str, *values: Any) -> Any:
            cursor = session.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else None

        yield run


def feed(folder: Path, source: str, mode: str = "upsert") -> Feed:
    folder.mkdir(exist_ok=True, parents=True)
    path = folder / "port_loan.toml"
    path.write_text(databases.declaration("port_loan", source, mode), encoding="utf-8")
    return load_feed(path)


def fetch(found: Feed, workdir: Path, watermark: str | None = None, as_of: dt.date | None = None) -> pull.Pulled | None:
    workdir.mkdir(exist_ok=True)
    return pull.pull(pull.Request(found, workdir, watermark, as_of, spill=workdir.parent / "spill"))


def cells(pulled: pull.Pulled | None) -> list[tuple[str | None, ...]]:
    assert pulled is not None and not pulled.reading.problems
    with duckdb.connect() as con:
        rows = con.execute("FROM read_parquet(?)", [str(pulled.source)]).fetchall()
    assert len(rows) == pulled.reading.rows
    return rows


def test_every_value_arrives_as_its_exact_text(sql: Callable[..., Any], tmp_path: Path) -> None:
    sql("""CREATE TABLE "贷款 ""台账" (id bigint PRIMARY KEY, sfzh char(18), xm varchar(20), je numeric, zt boolean, ffrq timestamptz, bz text,
        undeclared bytea)""")
    rows = [
        (1, CANARY, "张㳇𠮷", "1234567890123456789.10", True, "2019-06-30 23:30:00+00", "两\t行\n\"引'号\"\\N 100%"),
        (9007199254740993, CANARY, "李", "0.0000001", False, "2019-07-01 00:00:00+08", ""),
        (3, CANARY, "王", None, None, None, None),
    ]
    for row in rows:
        sql('INSERT INTO "贷款 ""台账" VALUES (%s, %s, %s, %s, %s, %s, %s)', *row)
    found = feed(tmp_path, "connection = \"civil\"\ntable = 'public.贷款 \"台账'\nkey_order = [\"id\"]")
    pulled = fetch(found, tmp_path / "work")
    assert cells(pulled) == [
        ("1", CANARY, "张㳇𠮷", "1234567890123456789.10", "1", "2019-07-01 07:30:00", "两\t行\n\"引'号\"\\N 100%"),
        ("3", CANARY, "王", None, None, None, None),
        ("9007199254740993", CANARY, "李", "0.0000001", "0", "2019-07-01 00:00:00", None),
    ]
    assert pulled is not None and pulled.reading.header == ["id", "sfzh", "xm", "je", "zt", "ffrq", "bz"]
    assert pulled.reading.undeclared == ["undeclared"]
