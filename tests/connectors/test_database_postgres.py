"""A PostgreSQL of our own: exact text, the watermark, and connections that break."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from connectors import pull
from connectors.errors import FupinError, TerminalError, TransientError
from tests import databases
from tests.connectors.database_pull import cells, feed, fetch

CANARY = databases.citizen_id(0)


@pytest.fixture
def sql(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """A fresh database, reachable as Airflow connection ``civil``; the function runs a statement in it."""
    server = databases.postgres()
    where: dict[str, Any] = {"host": server.host, "port": server.port, "user": server.user}
    with psycopg.connect(**where, dbname="postgres", autocommit=True) as admin:
        admin.execute("DROP DATABASE IF EXISTS civil WITH (FORCE)")
        admin.execute("CREATE DATABASE civil")
    monkeypatch.setenv("AIRFLOW_CONN_CIVIL", server.airflow("civil"))
    with psycopg.connect(**where, dbname="civil", autocommit=True) as session:

        def run(statement: str, *values: Any) -> Any:
            cursor = session.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else None

        yield run


@pytest.fixture
def line(sql: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[databases.Line]:
    """The connection to that database, over a line that can be cut."""
    server = databases.postgres()
    line = databases.Line(server)
    monkeypatch.setenv("AIRFLOW_CONN_CIVIL", server.airflow("civil", port=line.port))
    yield line
    line.close()


def test_every_value_arrives_as_its_exact_text(sql: Callable[..., Any], tmp_path: Path) -> None:
    sql("""CREATE TABLE "贷款 ""台账" (id bigint PRIMARY KEY, sfzh char(18), xm varchar(20), je numeric, zt boolean, ffrq timestamptz, bz text,
        undeclared bytea)""")
    rows = [
        (1, CANARY, "张㳇𠮷", "1234567890123456789.10", True, "2019-06-30 23:30:00+00", '两\t行\n"引\'号"\\N 100%'),
        (9007199254740993, CANARY, "李", "0.0000001", False, "2019-07-01 00:00:00+08", ""),
        (3, CANARY, "王", None, None, None, None),
    ]
    for row in rows:
        sql('INSERT INTO "贷款 ""台账" VALUES (%s, %s, %s, %s, %s, %s, %s)', *row)
    found = feed(tmp_path, 'connection = "civil"\ntable = \'public.贷款 "台账\'\nkey_order = ["id"]')
    pulled = fetch(found, tmp_path / "work")
    assert cells(pulled) == [
        ("1", CANARY, "张㳇𠮷", "1234567890123456789.10", "1", "2019-07-01 07:30:00", '两\t行\n"引\'号"\\N 100%'),
        ("3", CANARY, "王", None, None, None, None),
        ("9007199254740993", CANARY, "李", "0.0000001", "0", "2019-07-01 00:00:00", None),
    ]
    assert pulled is not None and pulled.reading.header == ["id", "sfzh", "xm", "je", "zt", "ffrq", "bz"]
    assert pulled.reading.undeclared == ["undeclared"]


def loans(sql: Callable[..., Any], rows: int, extra: str = "") -> None:
    """A table of ``rows`` loans with a primary key and the time of their last change, 10 to a second."""
    sql(f"""CREATE TABLE loan AS SELECT i AS id, '{CANARY}' AS sfzh, '张' || i AS xm, i * 0.1 AS je, true AS zt, date '2019-06-30' AS ffrq,
        repeat('备注', 5) AS bz, timestamp '2019-07-01' + (i / 10) * interval '1 second' AS gxsj {extra} FROM generate_series(1, {rows}) AS i""")
    sql("ALTER TABLE loan ADD PRIMARY KEY (id)")


SOURCE = 'connection = "civil"\ntable = "loan"\n'


def test_only_what_is_new_is_read_and_rows_of_the_same_instant_are_not_lost(
    sql: Callable[..., Any], tmp_path: Path
) -> None:
    loans(sql, 100)
    found = feed(tmp_path, SOURCE + 'incremental = "gxsj"\noverlap_seconds = 0')
    first = fetch(found, tmp_path / "1")
    assert len(cells(first)) == 100 and first is not None and first.watermark == "2019-07-01 00:00:10"
    # A row of the very instant at which the first pull ended, one behind it, and one without a time.
    for number, stamp in ((101, "2019-07-01 00:00:10"), (102, "2019-07-01 00:00:11"), (103, None)):
        sql(f"INSERT INTO loan SELECT %s, sfzh, xm, je, zt, ffrq, bz, %s FROM loan WHERE id = 1", number, stamp)  # noqa: F541
    second = fetch(found, tmp_path / "2", first.watermark)
    assert {row[0] for row in cells(second)} == {"100", "101", "102", "103"}
    assert second is not None and second.watermark == "2019-07-01 00:00:11"
    sql("DELETE FROM loan WHERE id IN (102, 103)")
    assert fetch(found, tmp_path / "3", "2019-07-01 00:00:12") is None


def test_the_overlap_reads_again_what_may_have_been_committed_late(sql: Callable[..., Any], tmp_path: Path) -> None:
    loans(sql, 100)
    found = feed(tmp_path, SOURCE + 'incremental = "gxsj"\noverlap_seconds = 5')
    assert {row[0] for row in cells(fetch(found, tmp_path / "1", "2019-07-01 00:00:10"))} >= {"50", "99", "100"}


def test_a_clock_in_the_future_moves_no_watermark_past_the_sources_now(sql: Callable[..., Any], tmp_path: Path) -> None:
    loans(sql, 20)
    sql("UPDATE loan SET gxsj = '2999-01-01' WHERE id = 7")
    found = feed(tmp_path, SOURCE + 'incremental = "gxsj"')
    pulled = fetch(found, tmp_path / "1")
    assert len(cells(pulled)) == 20 and pulled is not None and pulled.watermark == "2019-07-01 00:00:02"


def test_a_past_day_is_asked_for_by_its_column(sql: Callable[..., Any], tmp_path: Path) -> None:
    loans(sql, 5, ", date '2019-07-01' + i::int AS \"数据日期\"")
    day = dt.date(2019, 7, 4)
    found = feed(tmp_path, SOURCE + 'incremental = "gxsj"\nas_of = "数据日期"')
    pulled = fetch(found, tmp_path / "1", as_of=day)
    assert [row[0] for row in cells(pulled)] == ["3"] and pulled is not None and pulled.watermark is None
    with pytest.raises(TerminalError, match="as_of"):
        fetch(feed(tmp_path / "other", SOURCE), tmp_path / "2", as_of=day)


def test_a_query_is_wrapped_and_may_hold_colons_and_percent_signs(sql: Callable[..., Any], tmp_path: Path) -> None:
    loans(sql, 3)
    query = """WITH a AS (SELECT * FROM loan) SELECT id::int AS 记录号, sfzh AS 身份证号, xm AS 姓名, je, 'a:b 5%' AS 用途 FROM a WHERE xm LIKE '张%' -- all;
    """.replace("all;", "all")
    found = feed(
        tmp_path, f"connection = \"civil\"\nquery = '''{query}'''\nkey_order = [\"记录号\"]\nchunk_rows = 1000"
    )
    assert cells(fetch(found, tmp_path / "1"))[1] == ("2", CANARY, "张2", "0.2", "a:b 5%")


@pytest.mark.parametrize(
    "query", ["SELECT 1 AS id INTO stolen", "WITH d AS (DELETE FROM loan RETURNING *) SELECT * FROM d", "SELECT * FROM loan FOR UPDATE"]
)  # fmt: skip
def test_a_query_that_writes_is_refused(sql: Callable[..., Any], tmp_path: Path, query: str) -> None:
    loans(sql, 3)
    with pytest.raises(TerminalError, match="changes nothing"):
        fetch(feed(tmp_path, f"connection = \"civil\"\nquery = '{query}'"), tmp_path / "1")
    assert sql("SELECT count(*) FROM loan") == [(3,)]


def test_the_session_itself_only_reads(sql: Callable[..., Any], tmp_path: Path) -> None:
    loans(sql, 3)
    sql("CREATE FUNCTION sly() RETURNS int LANGUAGE sql AS 'DELETE FROM loan; SELECT 1'")
    with pytest.raises(FupinError, match="25006"):
        fetch(feed(tmp_path, 'connection = "civil"\nquery = "SELECT sly() AS id, sfzh, xm FROM loan"\nincremental = "id"'), tmp_path / "1")  # fmt: skip
    assert sql("SELECT count(*) FROM loan") == [(3,)]


def test_a_table_without_the_required_columns_is_refused_before_a_row_is_read(
    sql: Callable[..., Any], tmp_path: Path
) -> None:
    sql("CREATE TABLE loan (id int, name_of_person text, je real, bz bytea)")
    pulled = fetch(feed(tmp_path, SOURCE), tmp_path / "1")
    assert pulled is not None and pulled.reading.rows == 0 and pulled.source.is_file()
    codes = [problem["code"] for problem in pulled.reading.problems]
    assert codes == ["COLUMN_MISSING", "COLUMN_INEXACT", "COLUMN_TYPE"]
    assert "身份证号" in pulled.reading.problems[0]["message"] and "单精度" in pulled.reading.problems[1]["message"]


def test_an_id_kept_as_floating_point_is_a_problem_and_one_kept_as_a_number_a_note(
    sql: Callable[..., Any], tmp_path: Path
) -> None:
    sql("CREATE TABLE loan (id bigint, sfzh float8, xm text, je float8)")
    pulled = fetch(feed(tmp_path, SOURCE), tmp_path / "1")
    assert pulled is not None and [problem["code"] for problem in pulled.reading.problems] == ["COLUMN_INEXACT"]
    sql("ALTER TABLE loan ALTER sfzh TYPE bigint")
    notes = "".join(pull.check(feed(tmp_path, SOURCE)))
    assert "末位的 X" in notes and "十五位" in notes and "4 of them are read" in notes


def test_what_is_wrong_with_a_connection_is_said_without_its_secrets(
    sql: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = databases.postgres()
    cases: list[tuple[dict[str, Any], type[FupinError]]] = [
        ({"login": "nobody_here", "password": "s3cret-pw"}, TerminalError),
        ({"schema": "no_such_database"}, TerminalError),
        ({"port": databases.free_port(), "password": "s3cret-pw"}, TransientError),
        ({"conn_type": "http"}, TerminalError),
    ]
    for changes, expected in cases:
        monkeypatch.setenv("AIRFLOW_CONN_CIVIL", server.airflow("civil", **changes))
        with pytest.raises(expected) as caught:
            fetch(feed(tmp_path, SOURCE), tmp_path / "1")
        assert type(caught.value) is expected and "s3cret" not in str(caught.value)
        assert caught.value.__context__ is None and caught.value.__cause__ is None
    monkeypatch.delenv("AIRFLOW_CONN_CIVIL")
    with pytest.raises(TerminalError, match="civil"):
        fetch(feed(tmp_path, SOURCE), tmp_path / "1")


def test_no_such_table_and_no_such_column_are_for_the_engineer(sql: Callable[..., Any], tmp_path: Path) -> None:
    loans(sql, 1)
    with pytest.raises(TerminalError, match="no table 'nowhere.loan'"):
        fetch(feed(tmp_path, 'connection = "civil"\ntable = "nowhere.loan"'), tmp_path / "1")
    with pytest.raises(TerminalError, match="'changed', which is no column"):
        fetch(feed(tmp_path, SOURCE + 'incremental = "changed"'), tmp_path / "1")


def test_a_statement_that_runs_too_long_is_ended(sql: Callable[..., Any], tmp_path: Path) -> None:
    query = "SELECT i AS id, s.t::text AS sfzh, chr(20000) AS xm FROM generate_series(1, 9) AS i, LATERAL (SELECT pg_sleep(i) AS t) AS s"
    found = feed(tmp_path, f'connection = "civil"\nquery = "{query}"\nstatement_timeout_seconds = 1')
    with pytest.raises(TransientError):
        fetch(found, tmp_path / "1")
    assert not list((tmp_path / "1").iterdir())


def test_a_snapshot_whose_connection_is_cut_leaves_nothing_half(
    sql: Callable[..., Any], tmp_path: Path, line: databases.Line
) -> None:
    loans(sql, 50_000)
    found = feed(tmp_path, SOURCE, "snapshot")
    whole = cells(fetch(found, tmp_path / "whole"))
    size = line.passed
    line.mend(limit=size // 5)
    with pytest.raises(TransientError) as caught:
        fetch(found, tmp_path / "1")
    assert CANARY not in str(caught.value) and not list((tmp_path / "1").iterdir())
    line.mend()
    assert cells(fetch(found, tmp_path / "1")) == whole and len(whole) == 50_000


def test_a_pull_by_key_goes_on_behind_the_last_whole_chunk(
    sql: Callable[..., Any], tmp_path: Path, line: databases.Line
) -> None:
    loans(sql, 50_000)
    found = feed(tmp_path, SOURCE + 'incremental = "gxsj"\nkey_order = ["id"]\nchunk_rows = 5000')
    fetch(found, tmp_path / "whole")
    size = line.passed
    line.mend(limit=size // 2)
    with pytest.raises(TransientError):
        fetch(found, tmp_path / "1")
    parts = sorted((tmp_path / "1" / "parts").glob("part-*.parquet"))
    assert 2 <= len(parts) <= 8 and not (tmp_path / "1" / "text.parquet").exists()
    # What changes between the two tries: a row that was read already, and one that comes.
    sql("UPDATE loan SET bz = '改', gxsj = '2019-07-02' WHERE id = 1")
    sql("INSERT INTO loan SELECT 50001, sfzh, xm, je, zt, ffrq, bz, '2019-07-02' FROM loan WHERE id = 2")
    line.mend()
    pulled = fetch(found, tmp_path / "1")
    assert [int(str(row[0])) for row in cells(pulled)] == list(range(1, 50_002))
    # Less than four fifths were read again, and the change of row 1 is left to the next pull: the watermark is the first try's.
    assert line.passed < 0.8 * size
    assert pulled is not None and pulled.watermark == "2019-07-01 01:23:20"
    later = cells(fetch(found, tmp_path / "2", pulled.watermark))
    assert ("1", "改") in {(row[0], row[6]) for row in later}


def test_an_administrator_who_ends_the_session_costs_a_retry(sql: Callable[..., Any], tmp_path: Path) -> None:
    loans(sql, 2_000)
    sql("CREATE FUNCTION slow(i int) RETURNS text LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.002); RETURN i; END'")
    found = feed(tmp_path, 'connection = "civil"\nquery = "SELECT slow(id) AS id, sfzh, xm FROM loan"')
    stopped = threading.Event()

    def end() -> None:
        while not stopped.wait(0.05):
            if sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'fupin' AND query LIKE 'COPY%%slow(%%'"
            ):
                return

    killer = threading.Thread(target=end)
    killer.start()
    with pytest.raises(TransientError):
        fetch(found, tmp_path / "1")
    stopped.set()
    killer.join()
    assert not list((tmp_path / "1").iterdir())


def test_columns_changed_between_two_chunks_discard_what_was_read(
    sql: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from connectors import database_rows

    loans(sql, 3_000)
    found = feed(tmp_path, SOURCE + 'key_order = ["id"]\nchunk_rows = 1000')
    write = database_rows.Rows.write
    seen: list[int] = []

    def meddle(*arguments: Any, **named: Any) -> int:
        seen.append(write(*arguments, **named))
        if len(seen) == 2:
            sql("ALTER TABLE loan ALTER je TYPE float4, DROP COLUMN bz")
        return seen[-1]

    monkeypatch.setattr(database_rows.Rows, "write", meddle)
    with pytest.raises(TransientError, match="columns were changed"):
        fetch(found, tmp_path / "1")
    assert seen == [1000, 1000]
    again = fetch(found, tmp_path / "1")
    assert again is not None and [problem["code"] for problem in again.reading.problems] == ["COLUMN_INEXACT"]


def test_a_key_that_is_not_unique_loses_no_row_in_silence(sql: Callable[..., Any], tmp_path: Path) -> None:
    loans(sql, 2_500, ", i % 2 AS half")
    with pytest.raises(TerminalError, match="not unique"):
        fetch(feed(tmp_path, SOURCE + 'key_order = ["half"]\nchunk_rows = 1000'), tmp_path / "1")
    found = feed(tmp_path, SOURCE + 'key_order = ["half", "id"]\nchunk_rows = 1000')
    assert len({row[0] for row in cells(fetch(found, tmp_path / "2"))}) == 2_500
    sql("UPDATE loan SET half = NULL WHERE id = 9")
    with pytest.raises(TerminalError, match="without a key"):
        fetch(found, tmp_path / "3")


def test_a_sites_database_feed_goes_through_the_whole_life_of_a_batch(
    sql: Callable[..., Any], tmp_path: Path, data_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from warehouse import sources, tasks
    from warehouse.database import open_warehouse

    def sync() -> list[dict[str, Any]]:
        done = []
        for reference in tasks.collect("port_loan"):
            name, batch = reference.split("/")
            tasks.organise(name, batch)
            tasks.merge(name, batch)
            done.append(tasks.feedback(name, batch))
        return done

    def current() -> list[Any]:
        with open_warehouse(data_root, write=False) as con:
            return con.execute(
                "SELECT record_no, amount_yuan, is_extended, issued_date FROM core.port_loan "
                "WHERE recorded_to = TIMESTAMP '9999-12-31' AND valid_to = DATE '9999-12-31' ORDER BY 1"
            ).fetchall()

    feed(tmp_path / "feeds", SOURCE + 'incremental = "gxsj"\nkey_order = ["id"]\nchunk_rows = 1000')
    monkeypatch.setenv("AIRFLOW__FUPIN__FEEDS", str(tmp_path / "feeds"))
    loans(sql, 3)
    for number in (1, 2, 3):
        sql("UPDATE loan SET sfzh = %s, xm = '张三' WHERE id = %s", databases.citizen_id(number), number)
    first = sync()
    assert [batch["state"] for batch in first] == ["merged"]
    assert sources.watermark(data_root, "port_loan") == "2019-07-01 00:00:00"
    assert [float(row[1]) for row in current()] == [0.1, 0.2, 0.3] and current()[0][2:] == (
        True,
        dt.date(2019, 6, 30),
    )
    # Nothing new: the rows of the last instant are read again, and say nothing.
    assert sync() == []
    sql("UPDATE loan SET je = 20.5, gxsj = '2019-07-03' WHERE id = 2")
    sql("INSERT INTO loan SELECT 4, sfzh, xm, 4, false, ffrq, bz, '2019-07-04' FROM loan WHERE id = 1")
    sql("DELETE FROM loan WHERE id = 3")
    assert [batch["state"] for batch in sync()] == ["merged"]
    assert [(row[0], float(row[1])) for row in current()] == [("1", 0.1), ("2", 20.5), ("3", 0.3), ("4", 4.0)]
    assert sources.watermark(data_root, "port_loan") == "2019-07-04 00:00:00"
    assert not (data_root / "landing" / ".pulling" / "port_loan").exists()
