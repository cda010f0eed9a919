"""``fupin serve``: what a client without the files may ask, and what it may not, over DuckDB's own protocol."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from connectors.settings import ROOT
from tests.publish.county import KNOWN
from warehouse.cli import query, serve
from warehouse.database import load_extension
from warehouse.publish import publish


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@dataclass
class Reader:
    """What a reader elsewhere has: DuckDB, an address and a token."""

    con: duckdb.DuckDBPyConnection
    address: str

    def ask(self, sql: str) -> list[tuple]:
        return self.begin(sql).fetchall()

    def begin(self, sql: str) -> duckdb.DuckDBPyConnection:
        return self.con.cursor().execute(f"FROM quack_query('{self.address}', ?)", [sql])


@contextmanager
def client(home: Path, port: int, token: str | None = None) -> Iterator[Reader]:
    with duckdb.connect() as con:
        for name in ("httpfs", "quack"):
            load_extension(con, name)
        con.execute(f"CREATE SECRET (TYPE quack, TOKEN '{token or own_token(home)}')")
        yield Reader(con, f"quack:127.0.0.1:{port}")


def own_token(home: Path) -> str:
    return (home / "secrets" / serve.TOKEN).read_text("ascii")


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "warehouse.cli.main", "serve", "--port", str(port)], cwd=ROOT, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "AIRFLOW__FUPIN__HOME": str(home)},
    )  # fmt: skip
    try:
        told = process.stderr.readline() if process.stderr else ""
        assert f"quack:127.0.0.1:{port}" in told and own_token(home) not in told
        yield port, process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def reader(home: Path, server) -> Iterator[Reader]:
    with client(home, server[0]) as one:
        yield one


def test_the_example_of_the_readme_runs(home, server) -> None:
    (example,) = re.findall(r"```sql\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    example = example.replace("9494", str(server[0])).replace("…", own_token(home))
    with duckdb.connect() as con:
        for name in ("httpfs", "quack"):
            load_extension(con, name)
        statements = [text for text in example.split(";") if text.strip() and "LOAD" not in text]
        answers = [con.execute(text).fetchall() for text in statements]
    assert answers[-2:] == [[("某村", 2)], [(2,)]]


def test_marts_codes_and_history_are_there(reader) -> None:
    assert reader.ask("SELECT village, numerator FROM village_incidence") == [("某村", 2)]
    assert reader.ask("SELECT village, numerator FROM mart.village_incidence; -- 中文") == [("某村", 2)]
    assert reader.ask("SELECT count(*) FROM core.village_now") == [(1,)]
    known = "WITH past AS (FROM core.village_as_known('2019-06-30', '2019-07-03')) SELECT max(village) FROM past"
    assert reader.ask(known) == [("某村",)]
    counted = "WITH query AS (SELECT unnest(range(3)) AS i) SELECT repeat('x', 2), histogram(i) IS NOT NULL, max(i) FROM query"
    assert reader.ask(counted) == [("xx", True, 2)]
    assert ("person_token",) in [row[:1] for row in reader.ask("DESCRIBE person_status")]


REFUSED = [
    "INSERT INTO person_status SELECT * FROM person_status",
    "UPDATE mart.person_status SET is_poor = false",
    "DELETE FROM server.refused",
    "CREATE TABLE mine (i INTEGER)",
    "CREATE TEMP TABLE mine (i INTEGER)",
    "CREATE OR REPLACE MACRO server.allowed(session, query) AS query",
    "DROP SCHEMA server CASCADE",
    "DETACH statistics_1",
    "ATTACH '/tmp/other.duckdb'",
    "ATTACH ':memory:' AS other",
    "COPY person_status TO '{tmp}/stolen.csv'",
    "EXPORT DATABASE '{tmp}/stolen'",
    "FROM read_csv('/etc/passwd')",
    "FROM '/etc/passwd'",
    "FROM read_blob('{home}/secrets/serve_token')",
    "FROM '{home}/warehouse/fupin.duckdb'",
    "FROM glob('{home}/secrets/*')",
    "FROM query('FROM glob(''/**'')')",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET lock_configuration = false",
    "SET GLOBAL quack_authorization_function = 'quack_nop_authorization'",
    "CREATE SECRET (TYPE quack, TOKEN 'abcd')",
    "FROM duckdb_secrets()",
    "FROM duckdb_settings()",
    "SELECT current_setting('allowed_directories')",
    "FROM duckdb_databases",
    "FROM duckdb_databases()",
    "FROM pragma_database_list",
    "FROM duckdb_logs",
    "CALL enable_logging('QUACK')",
    "CALL quack_stop('quack:127.0.0.1:{port}')",
    "FROM quack_stop('quack:127.0.0.1:{port}')",
    """SELECT (SELECT count(*) FROM system.main."Quack_Stop"('quack:127.0.0.1:{port}'))""",
    "SELECT 1; CALL quack_stop('quack:127.0.0.1:{port}')",
    "EXPLAIN ANALYZE FROM quack_stop('quack:127.0.0.1:{port}')",
    "WITH others AS MATERIALIZED (FROM quack_active_connections()) FROM others",
    "FROM quack_query('quack:127.0.0.1:{port}', 'SELECT 1', token := 'abcd')",
    "FROM json_execute_serialized_sql(json_serialize_sql('FROM quack_server_list()'))",
    "FROM pg_settings",
    "BEGIN",
    "CHECKPOINT",
    "",
]


def test_nothing_but_a_select_is_answered(home, server, reader, tmp_path) -> None:
    passed = []
    for sql in REFUSED:
        sql = sql.format(tmp=tmp_path, home=home, port=server[0])
        try:
            passed.append((sql, reader.ask(sql)))
        except duckdb.Error as error:
            assert "Authorization failed" in str(error) or "does not exist" in str(error) or "disabled" in str(error), (
                sql
            )
    assert passed == [] and list(tmp_path.iterdir()) == []
    assert reader.ask("SELECT numerator FROM village_incidence") == [(2,)]


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE county.main.mine AS SELECT 1 AS i",
        "CREATE SCHEMA county.mine",
        "DROP VIEW county.mart.person_status",
        "INSERT INTO county.mart.person_status FROM county.mart.person_status",
        "INSERT INTO county.server.refused VALUES ('count', NULL)",
    ],
)
def test_nor_does_an_attached_county_take_anything(home, server, sql) -> None:
    with client(home, server[0]) as one:
        one.con.execute(f"ATTACH '{one.address}' AS county")
        assert one.con.execute("SELECT numerator FROM county.mart.village_incidence").fetchall() == [(2,)]
        with pytest.raises(duckdb.Error):
            one.con.execute(sql)


def test_the_macro_is_not_the_only_wall(home, tmp_path) -> None:
    """What the server itself could not do, had the macro let it pass."""
    folder = tmp_path / "own"
    folder.mkdir()
    with serve.Endpoint(home, folder, free_port()) as endpoint:
        endpoint.show(query.find_snapshot(home))
        for sql in (
            "UPDATE statistics_1.mart.person_status SET is_poor = false",
            "DROP TABLE history_1.core.village",
            f"COPY (SELECT 1) TO '{tmp_path}/stolen.csv'",
            f"FROM read_text('{home}/secrets/{serve.TOKEN}')",
            "SET enable_external_access = true",
            "SET GLOBAL quack_authorization_function = 'quack_nop_authorization'",
        ):
            with pytest.raises(duckdb.Error):
                endpoint.con.execute(sql)


def test_a_mistake_is_told(reader) -> None:
    for sql, told in (
        ("SELEC 1", "syntax error"),
        ("SELECT 'it''s' FRO M", "syntax error"),
        ("SELECT nothing FROM person_status", "not found"),
    ):
        with pytest.raises(duckdb.Error, match=told):
            reader.ask(sql)


def test_without_the_token_there_is_no_answer(home, server) -> None:
    with client(home, server[0], "0" * 64) as stranger, pytest.raises(duckdb.Error, match="Authentication failed"):
        stranger.ask("SELECT 1")


def test_a_port_serves_once(home, server, monkeypatch, capsys) -> None:
    monkeypatch.setenv("AIRFLOW__FUPIN__HOME", str(home))
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    from warehouse.cli.main import main

    assert main(["serve", "--port", str(server[0])]) == 1
    assert capsys.readouterr().err == f"fupin serve: 端口 {server[0]} 不能使用 / port {server[0]} cannot be used\n"


def test_a_publication_is_answered_from_and_breaks_no_reader(con, later, tmp_path) -> None:
    publish(con, tmp_path, KNOWN)
    folder, port = tmp_path / "own", free_port()
    folder.mkdir()
    villages = "SELECT count(*) FROM feed_quality WHERE feed = 'village'"
    with serve.Endpoint(tmp_path, folder, port) as endpoint, client(tmp_path, port) as reader:
        endpoint.show(query.find_snapshot(tmp_path))
        begun = reader.begin("SELECT as_of FROM feed_quality, range(200_000) WHERE feed = 'village'")
        first = begun.fetchone()
        assert reader.ask(villages) == [(1,)]
        later("2019-07-31")
        publish(con, tmp_path, KNOWN)
        endpoint.show(query.find_snapshot(tmp_path))
        assert reader.ask(villages) == [(2,)]
        rest = begun.fetchall()
        assert set(rest) == {first} and len(rest) == 199_999
        assert {path.name for path in folder.iterdir()} == {"statistics_2", "history_2"}


def test_it_ends_when_it_is_told_to(home, server) -> None:
    port, process = server
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    assert not (home / "run" / "serve" / str(port)).exists()
    with client(home, port) as one, pytest.raises(duckdb.Error):
        one.ask("SELECT 1")
