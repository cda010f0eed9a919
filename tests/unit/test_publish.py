"""Publication: what a snapshot holds, that the same content is the same snapshot, and how it is read."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from connectors.errors import DeclarationError, TerminalError
from connectors.feed import load_feeds
from warehouse import columns, keys
from warehouse.cli import query
from warehouse.history.schema import create_tables
from warehouse.history.tables import OPEN_DATE, OPEN_TIME
from warehouse.monitor import build, build_order
from warehouse.monitor.order import parse
from warehouse.monitor.reference import load_codes
from warehouse.publish import guard, manifest, publish, snapshot
from warehouse.publish.pseudonym import SHAPE

FEEDS = load_feeds()
VILLAGE = "210782102200"
CANARIES = ("219900196001010018", "13912345678", "6222021234567890123", "牛犇犇", "21078200001234", "2107820000123401")


def insert(con: duckdb.DuckDBPyConnection, feed: str, **values: Any) -> None:
    names = ", ".join(f'"{name}"' for name in values)
    con.execute(
        f"INSERT INTO core.{feed} ({names}, valid_from, valid_to, recorded_from, recorded_to) "
        f"VALUES ({', '.join('?' for _ in values)}, DATE '2019-06-30', {OPEN_DATE}, TIMESTAMP '2019-07-01', {OPEN_TIME})",
        list(values.values()),
    )


def deliver(
    con: duckdb.DuckDBPyConnection, feed: str, as_of: str = "2019-06-30", state: str = "merged", source: str = "column"
) -> None:
    con.execute(
        "INSERT INTO ops.batch (batch_id, feed, state, as_of, as_of_source, received_at, rows_read, rows_landed, rows_quarantined, original_name) "
        "VALUES (left(md5(? || ?), 16), ?, ?, ?, ?, TIMESTAMP '2019-07-03 01:00:00', 2, 2, 0, '牛犇犇 219900196001010018.csv')",
        [feed, as_of, feed, state, as_of, source],
    )


def warehouse() -> duckdb.DuckDBPyConnection:
    """A warehouse in memory: one household of two, every feed delivered."""
    connection = duckdb.connect(config={"threads": 1})
    create_tables(connection, FEEDS.values())
    for feed in FEEDS:
        deliver(connection, feed)
    insert(connection, "registry_household", household_id=CANARIES[4], village_code=VILLAGE, head_name=CANARIES[3], person_key=11,
           poverty_status_code="0", phone=CANARIES[1], bank_account=CANARIES[2], net_income_per_head_yuan=3000, member_count=2)  # fmt: skip
    for key in (11, 12):
        insert(connection, "registry_person", person_id=CANARIES[5][:-1] + str(key % 10), household_id=CANARIES[4], name=CANARIES[3], person_key=key,
               sex_code="1", birth_date="1960-01-01", relation_code="01", phone=CANARIES[1])  # fmt: skip
        insert(connection, "household_registration", person_key=key, name=CANARIES[3], village_code=VILLAGE, birth_date="1960-01-01",
               hukou_nature_code="1", sex_code="1", address="某镇某村12号")  # fmt: skip
    insert(
        connection,
        "village",
        village_code=VILLAGE,
        village="某村",
        town="某镇",
        is_poor_village=True,
        rural_person_count=2,
    )
    build(connection, FEEDS)
    return connection


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The warehouse of :func:`warehouse` as a file."""
    path = tmp_path_factory.mktemp("stored") / "w.duckdb"
    with warehouse() as connection:
        connection.execute(f"ATTACH '{path}' AS stored")
        connection.execute("COPY FROM DATABASE memory TO stored")
    return path


@pytest.fixture
def con(stored: Path, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy of it, writable."""
    copy = tmp_path / "copy.duckdb"
    shutil.copyfile(stored, copy)
    with duckdb.connect(str(copy), config={"threads": 1}) as connection:
        yield connection


@pytest.fixture(scope="module")
def home(stored: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root with one snapshot, for tests that only look. Published from a read-only warehouse."""
    root = tmp_path_factory.mktemp("home")
    with duckdb.connect() as reader:
        reader.execute(f"ATTACH '{stored}' AS stored (READ_ONLY)")
        reader.execute("USE stored")
        assert publish(reader, root, FEEDS)["is_new"]
    return root


def run(home: Path, sql: str, monkeypatch: pytest.MonkeyPatch, as_of: str | None = None, fmt: str = "csv") -> str:
    monkeypatch.setenv("AIRFLOW__FUPIN__HOME", str(home))
    out = io.StringIO()
    assert query.run(sql, as_of, fmt, out) == 0
    return out.getvalue()


def test_snapshot_is_complete_readable_and_current(con, tmp_path):
    head = publish(con, tmp_path, FEEDS)
    folder = tmp_path / "published" / head["snapshot_id"]
    assert head["is_new"] and head["as_of"] == "2019-06-30" and head["snapshot_id"].startswith("20190630-")
    assert (tmp_path / "published" / "current").resolve() == folder and os.readlink(
        tmp_path / "published" / "current"
    ) == folder.name
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    marts = sorted(f"parquet/{table.name.removeprefix('mart.')}.parquet" for table in build_order() if table.is_mart)
    assert set(marts) < set(files)
    assert {"dictionary.csv", "dictionary.html", "dictionary.xlsx", "manifest.json", "statistics.duckdb"} < set(files)
    for path in folder.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o755 if path.is_dir() else 0o444)
    with duckdb.connect(str(folder / "statistics.duckdb"), read_only=True) as published:
        for name, rows in head["tables"].items():
            assert published.execute(f"SELECT count(*) FROM {name}").fetchone() == (rows,)
            assert published.execute(f"SELECT count(*) FROM {name.split('.')[1]}").fetchone() == (rows,)
            parquet = folder / "parquet" / f"{name.split('.')[1]}.parquet"
            difference = f"SELECT count(*) FROM (FROM {name} EXCEPT ALL FROM read_parquet('{parquet}'))"
            assert published.execute(difference).fetchone() == (0,)


def test_people_are_pseudonyms_that_join(home):
    with duckdb.connect(str(home / "published" / "current" / "statistics.duckdb"), read_only=True) as published:
        columns_there = {
            name
            for (name,) in published.execute("SELECT column_name FROM duckdb_columns() WHERE NOT internal").fetchall()
        }
        assert not columns_there & {
            "person_key",
            "person_id",
            "household_id",
            "name",
            "birth_date",
            "phone",
            "bank_account",
            "address",
        }
        row = published.execute(
            f"SELECT count(*), count(DISTINCT person_token), bool_and(regexp_full_match(person_token, '{SHAPE}')), min(birth_year) FROM person_status "
            "JOIN household_status USING (household_token) JOIN village_incidence_person USING (person_token) WHERE list = '分子'"
        ).fetchone()
        assert row == (2, 2, True, 1960)


def test_nobody_can_be_found_in_any_published_byte(home):
    folder = home / "published" / "current"
    contents = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    with duckdb.connect(str(folder / "statistics.duckdb"), read_only=True) as published:
        for (table,) in published.execute("SELECT schema_name || '.' || table_name FROM duckdb_tables()").fetchall():
            contents += json.dumps(
                published.execute(f"FROM {table}").fetchall(), ensure_ascii=False, default=str
            ).encode()
    for canary in CANARIES:
        assert canary.encode() not in contents


def test_same_content_is_the_same_snapshot(con, tmp_path):
    first = publish(con, tmp_path, FEEDS)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "published").rglob("*")}
    # A duplicate delivery and a rebuild change nothing that is published.
    con.execute(
        "INSERT INTO ops.batch (batch_id, feed, state, as_of) VALUES ('x-dup1', 'village', 'duplicate', DATE '2019-06-30')"
    )
    build(con, FEEDS)
    second = publish(con, tmp_path, FEEDS)
    assert second == {**first, "is_new": False}
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "published").rglob("*")} == before


def test_a_table_that_did_not_change_is_the_same_file_unless_it_has_rotted(con, tmp_path):
    def published(table: str) -> Path:
        return (tmp_path / "published" / "current" / "parquet" / f"{table}.parquet").resolve()

    publish(con, tmp_path, FEEDS)
    people, villages = published("person_status"), published("village_incidence")
    con.execute("UPDATE mart.person_status SET sex_code = '9'")
    assert publish(con, tmp_path, FEEDS)["is_new"]
    assert published("village_incidence").samefile(villages) and not published("person_status").samefile(people)
    rotten = published("village_incidence")
    os.chmod(rotten, 0o644)
    rotten.write_bytes(rotten.read_bytes()[:-1] + b"?")
    con.execute("UPDATE mart.person_status SET sex_code = '0'")
    publish(con, tmp_path, FEEDS)
    assert not published("village_incidence").samefile(rotten)
    assert duckdb.sql(f"SELECT count(*) FROM '{published('village_incidence')}'").fetchone() is not None


def test_content_decides_the_name_not_the_data_root(con, tmp_path):
    key = keys.secret("publication_key", tmp_path / "a")
    (tmp_path / "b" / "secrets").mkdir(parents=True)
    (tmp_path / "b" / "secrets" / "publication_key").write_text(key, encoding="ascii")
    ids = [publish(con, tmp_path / root, FEEDS)["snapshot_id"] for root in ("a", "b", "c")]
    assert ids[0] == ids[1] != ids[2], "another key makes other pseudonyms, hence another snapshot"


def test_killed_between_rename_and_switch(con, tmp_path):
    head = publish(con, tmp_path, FEEDS)
    base = tmp_path / "published"
    (base / "current").unlink()
    (base / ".current").symlink_to("nowhere")
    left = base / ".tmp-20190630-00000000" / "parquet"
    left.mkdir(parents=True)
    (left / "x.parquet").write_bytes(b"half")
    again = publish(con, tmp_path, FEEDS)
    assert again["snapshot_id"] == head["snapshot_id"] and not again["is_new"]
    assert sorted(path.name for path in base.iterdir()) == [".lock", head["snapshot_id"], "current"]


def test_refused_publication_leaves_the_current_one(con, tmp_path):
    head = publish(con, tmp_path, FEEDS)
    con.execute("UPDATE mart.household_status SET loan_state = '219900196001010018'")
    with pytest.raises(TerminalError) as refused:
        publish(con, tmp_path, FEEDS)
    assert "mart.household_status.loan_state" in str(refused.value) and "219900" not in str(refused.value)
    assert "发布被拒绝" in str(refused.value) and "publication refused" in str(refused.value)
    base = tmp_path / "published"
    assert os.readlink(base / "current") == head["snapshot_id"]
    assert sorted(path.name for path in base.iterdir()) == [".lock", head["snapshot_id"], "current"]


def test_undeclared_column_or_changed_type_is_refused(con, tmp_path):
    con.execute("ALTER TABLE mart.village_incidence ADD COLUMN remark VARCHAR")
    with pytest.raises(TerminalError, match=r"mart\.village_incidence\.remark"):
        publish(con, tmp_path, FEEDS)
    con.execute("ALTER TABLE mart.village_incidence DROP COLUMN remark")
    con.execute("ALTER TABLE mart.village_incidence ALTER numerator TYPE VARCHAR")
    with pytest.raises(TerminalError, match=r"numerator.*VARCHAR"):
        publish(con, tmp_path, FEEDS)


def later(con: duckdb.DuckDBPyConnection, day: str) -> None:
    deliver(con, "village", day)
    build(con, FEEDS)


def test_only_the_last_snapshots_are_kept_and_never_without_the_current(con, tmp_path):
    names = [publish(con, tmp_path, FEEDS, keep=2)["snapshot_id"]]
    for day in ("2019-07-31", "2019-08-31"):
        later(con, day)
        names.append(publish(con, tmp_path, FEEDS, keep=2)["snapshot_id"])
    base = tmp_path / "published"
    assert {path.name for path in base.iterdir() if path.is_dir() and not path.is_symlink()} == set(names[1:])
    snapshot.make_current(base, names[1])
    assert snapshot.retain(base, 1) == []
    assert {path.name for path in base.iterdir() if path.is_dir() and not path.is_symlink()} == set(names[1:])


def test_manifest_says_what_it_is_made_of(home):
    folder = home / "published" / "current"
    found = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert found["snapshot_id"] == folder.resolve().name and found["as_of"] == "2019-06-30"
    assert {batch["feed"] for batch in found["batches"]} == set(FEEDS)
    assert found["sources"]["codes/parameter.csv"] == manifest.file_digest(
        snapshot.manifest.SQL / "codes" / "parameter.csv"
    )
    assert found["tables"]["mart.person_status"]["rows"] == 2
    for name, facts in found["files"].items():
        assert manifest.file_digest(folder / name) == facts["sha256"]


def test_dictionary_describes_every_published_column(home):
    folder = home / "published" / "current"
    with open(folder / "dictionary.csv", encoding="utf-8-sig", newline="") as handle:
        described = {(row["表"], row["列"]) for row in csv.DictReader(handle)}
    with duckdb.connect(str(folder / "statistics.duckdb"), read_only=True) as published:
        there = published.execute(
            "SELECT schema_name || '.' || table_name, column_name, comment FROM duckdb_columns() WHERE schema_name <> 'main' AND NOT internal"
        ).fetchall()
    assert described == {(table, column) for table, column, _ in there}
    assert all(comment for _, _, comment in there)


def test_run_date_prefers_what_files_say_to_when_they_came(con):
    deliver(con, "health_settlement", "2026-11-23", source="received")
    build(con, FEEDS)
    assert con.execute("SELECT as_of FROM ref.run").fetchone() == (dt.date(2019, 6, 30),)
    assert con.execute("SELECT bool_or(is_stale) FROM ref.feed_state").fetchone() == (False,)
    later(con, "2019-08-15")
    stale = {name for (name,) in con.execute("SELECT feed FROM ref.feed_state WHERE is_stale").fetchall()}
    assert stale == {name for name, feed in FEEDS.items() if feed.freshness_days < 46} - {
        "health_settlement",
        "village",
    }


def test_two_builds_are_equal(con):
    def state() -> dict[str, Any]:
        names = [table.name for table in build_order() if not table.is_rule and not table.is_step] + [
            "ops.rule_run",
            "ops.clue",
        ]
        return {name: sorted(map(repr, con.execute(f"FROM {name}").fetchall())) for name in names}

    before = state()
    build(con, FEEDS)
    assert state() == before


def test_nothing_merged_yet_is_an_empty_snapshot(tmp_path):
    with duckdb.connect() as empty:
        create_tables(empty, FEEDS.values())
        rows = build(empty, FEEDS)
        assert rows["feed_quality"] == 0 or rows["feed_quality"] == len(FEEDS)
        assert publish(empty, tmp_path, FEEDS)["snapshot_id"].startswith("00000000-")


def test_a_reader_keeps_what_it_has_open(con, tmp_path, monkeypatch):
    publish(con, tmp_path, FEEDS)
    with query.connect(query.find_snapshot(tmp_path)) as reader:
        later(con, "2019-07-31")
        publish(con, tmp_path, FEEDS)
        assert reader.execute("SELECT count(*) FROM feed_quality WHERE feed = 'village'").fetchone() == (1,)
    assert run(tmp_path, "SELECT count(*) AS n FROM feed_quality WHERE feed = 'village'", monkeypatch) == "n\n2\n"


def test_query_as_of(con, tmp_path, monkeypatch):
    publish(con, tmp_path, FEEDS)
    later(con, "2019-07-31")
    publish(con, tmp_path, FEEDS)
    asked = "SELECT max(as_of) AS day FROM feed_quality"
    assert run(tmp_path, asked, monkeypatch) == "day\n2019-07-31\n"
    assert run(tmp_path, asked, monkeypatch, "2019-07-30") == "day\n2019-06-30\n"
    assert run(tmp_path, asked, monkeypatch, "2030-01-01") == "day\n2019-07-31\n"
    with pytest.raises(TerminalError, match="最早的是 2019-06-30"):
        run(tmp_path, asked, monkeypatch, "2019-06-29")
    with pytest.raises(TerminalError, match="--as-of"):
        run(tmp_path, asked, monkeypatch, "yesterday")
    with pytest.raises(TerminalError, match="还没有发布"):
        run(tmp_path / "elsewhere", asked, monkeypatch)


def test_query_as_it_was_known(con, tmp_path, monkeypatch):
    publish(con, tmp_path, FEEDS)
    first = query.find_snapshot(tmp_path)
    later(con, "2019-07-31")
    publish(con, tmp_path, FEEDS)
    second = query.find_snapshot(tmp_path)
    for folder, day in ((first, "2019-07-05T01:00:00"), (second, "2019-08-09T17:00:00")):
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        (folder / "manifest.json").write_text(
            json.dumps({**manifest, "published_at": f"{day}+00:00"}), encoding="utf-8"
        )
    # Five in the afternoon of Greenwich's 9 August is the county's tenth.
    assert query.find_snapshot(tmp_path, known_on="2019-08-09") == first
    assert query.find_snapshot(tmp_path, known_on="2019-08-10") == second
    assert query.find_snapshot(tmp_path, "2019-07-30", "2019-08-10") == first
    with pytest.raises(TerminalError, match="没有"):
        query.find_snapshot(tmp_path, known_on="2019-07-04")
    with pytest.raises(TerminalError, match="--known-on"):
        query.find_snapshot(tmp_path, known_on="gestern")


def test_query_formats(home, monkeypatch):
    asked = "SELECT village, numerator, denominator, rate, verdict, NULL AS nothing, '=1+1' AS formula FROM village_incidence"
    assert (
        run(home, asked, monkeypatch)
        == "village,numerator,denominator,rate,verdict,nothing,formula\n某村,2,2,1.00000000,不达标,,'=1+1\n"
    )
    assert json.loads(run(home, asked, monkeypatch, fmt="json")) == [
        {
            "village": "某村",
            "numerator": 2,
            "denominator": 2,
            "rate": 1,
            "verdict": "不达标",
            "nothing": None,
            "formula": "=1+1",
        }
    ]
    lines = run(home, asked, monkeypatch, fmt="table").splitlines()
    assert (
        len(
            {
                query.width(line[: line.index("verdict" if number == 0 else "不达标")])
                for number, line in enumerate(lines)
                if number in (0, 2)
            }
        )
        == 1
    )
    assert lines[-1] == "(1 行 rows)"
    assert json.loads(run(home, "SELECT 1 AS a WHERE false", monkeypatch, fmt="json")) == []


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_parquet('parquet/person_status.parquet')",
        "COPY person_status TO '/tmp/stolen.csv'",
        "ATTACH '/tmp/other.duckdb'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "DROP TABLE mart.person_status",
        "UPDATE mart.person_status SET is_poor = false",
        "EXPORT DATABASE '/tmp/stolen'",
        "SELECT * FROM nowhere",
        "SELEC 1",
        "",
    ],
)
def test_query_is_shut_in(home, monkeypatch, sql):
    if not sql:
        assert run(home, "SELECT 1 AS a; ", monkeypatch) == "a\n1\n"
        return
    with pytest.raises(TerminalError) as refused:
        run(home, sql, monkeypatch)
    assert "\n" not in str(refused.value)
    assert not Path("/tmp/stolen.csv").exists() and not Path("/tmp/stolen").exists()


def test_columns_are_described_once_and_without_placeholders(con):
    known = columns.dictionary()
    used = set()
    for table in build_order():
        if table.is_mart or table.is_rule:
            for name, kind, *_ in con.execute(f"DESCRIBE {table.select}").fetchall():
                assert table.is_rule or (name in known and known[name].type == kind), f"{table.name}.{name} {kind}"
                used.add(name)
    for name, *_ in con.execute(
        "SELECT DISTINCT column_name FROM duckdb_columns() WHERE schema_name = 'ref'"
    ).fetchall():
        used.add(name)
    used |= {entry.published_as for entry in known.values()} | {"code_column", "code_value", "code_label"}
    assert set(known) - used == set(), "described but not used"
    labels = [entry.label for entry in known.values()]
    for entry in known.values():
        assert (
            entry.name == entry.name.lower()
            and len(entry.meaning) >= 4
            and entry.meaning != entry.label
            or entry.name in ("code",)
        ), entry.name
        assert not any(
            word in (entry.label + entry.meaning).lower() for word in ("todo", "tbd", "待补", "xxx", "placeholder")
        ), entry.name
        if entry.codes and not entry.codes.startswith("ref."):
            feed, column = entry.codes.split(".")
            assert FEEDS[feed].column(column).codes, entry.name
    assert len(labels) - len(set(labels)) <= 3


def test_feeds_and_dictionary_agree_on_what_identifies():
    known = columns.dictionary()
    identifiers = {
        column.name for feed in FEEDS.values() for column in feed.columns if column.sensitivity == "identifier"
    }
    assert {name for name in identifiers & set(known) if known[name].sensitivity != "identifier"} == set()


def test_parameters_hold_one_value_a_day(con, tmp_path):
    header = "code,series,value,unit,valid_from,valid_to,region,source,approved_by\n"
    row = "X,x,1,元,2019-01-01,{},全国,s,a\n"
    path = tmp_path / "parameter.csv"
    path.write_text(header + row.format("2020-01-01") + row.format("9999-12-31"), encoding="utf-8")
    with pytest.raises(DeclarationError, match="X has two values"):
        load_codes(con, tmp_path)
    path.write_text(header + "X,x,1\n", encoding="utf-8")
    with pytest.raises(DeclarationError, match="line 2"):
        load_codes(con, tmp_path)
    path.write_text(header + "X,x,一,元,2019-01-01,2020-01-01,全国,s,a\n", encoding="utf-8")
    with pytest.raises(DeclarationError, match="does not fit"):
        load_codes(con, tmp_path)


@pytest.mark.parametrize(
    "sql, reason",
    [
        ("CREATE TABLE x AS SELECT 1", "one bare SELECT"),
        ("SELECT 1; SELECT 2", "one bare SELECT"),
        ("SELECT FROM WHERE", "no valid SQL"),
        ("SELECT * FROM person_status", "needs its schema"),
    ],
)
def test_sql_files_are_bare_selects(tmp_path, sql, reason):
    path = tmp_path / "x.sql"
    path.write_text(sql, encoding="utf-8")
    with pytest.raises(DeclarationError, match=reason):
        parse(path, "mart.x")


def test_build_order_follows_the_sql():
    names = [table.name for table in build_order()]
    for table in build_order():
        assert all(names.index(read) < names.index(table.name) for read in table.inputs if read in names)


def test_order_refuses_circles_strangers_and_raw_ids(tmp_path):
    for folder in ("core", "marts"):
        (tmp_path / folder).mkdir()
    for name, sql, reason in (
        ("a", "SELECT * FROM mart.b", "mart.b"),
        ("a", "SELECT * FROM mart.a", "circle"),
        ("a", "SELECT * FROM core.identity", "raw ids"),
    ):
        (tmp_path / "marts" / f"{name}.sql").write_text(sql, encoding="utf-8")
        with pytest.raises(DeclarationError, match=reason):
            build_order.__wrapped__(tmp_path)


def test_guard_is_what_publish_runs(con, tmp_path, monkeypatch):
    called = []
    monkeypatch.setattr(
        guard, "enforce", lambda folder, feeds, batches: called.append((folder.name[:5], sorted(batches)))
    )
    publish(con, tmp_path, FEEDS)
    assert called and called[0][0] == ".tmp-" and len(called[0][1]) == len(FEEDS)
