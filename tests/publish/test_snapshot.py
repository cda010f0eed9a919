"""Publication: what a snapshot holds, and that the same content is the same snapshot."""

from __future__ import annotations

import csv
import datetime as dt
import json
import os
import shutil
import stat
from pathlib import Path
from typing import Any

import duckdb
import pytest

from connectors import disk
from connectors.errors import TerminalError
from tests.publish.county import CANARIES, FEEDS, KNOWN, deliver
from warehouse import keys
from warehouse.history.schema import create_tables
from warehouse.monitor import build, build_order
from warehouse.publish import guard, manifest, publish, snapshot
from warehouse.publish.pseudonym import SHAPE


def test_snapshot_is_complete_readable_and_current(home):
    folder = (home / "published" / "current").resolve()
    head = manifest.read(folder) or {}
    assert head["as_of"] == "2019-06-30" and head["snapshot_id"].startswith("20190630-")
    assert os.readlink(home / "published" / "current") == folder.name == head["snapshot_id"]
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    marts = sorted(f"parquet/{table.name.removeprefix('mart.')}.parquet" for table in build_order() if table.is_mart)
    assert set(marts) < set(files)
    assert {
        "dictionary.csv",
        "dictionary.html",
        "dictionary.xlsx",
        "history.duckdb",
        "manifest.json",
        "statistics.duckdb",
    } < set(files)
    for path in folder.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o755 if path.is_dir() else 0o444)
    with duckdb.connect(str(folder / "statistics.duckdb"), read_only=True) as published:
        for name, rows in ((name, facts["rows"]) for name, facts in head["tables"].items()):
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
            "JOIN household_status USING (household_token) WHERE person_status.is_poor"
        ).fetchone()
        assert row == (2, 2, True, 1960)


def test_nobody_can_be_found_in_any_published_byte(home):
    folder = home / "published" / "current"
    contents = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    for database in ("statistics.duckdb", "history.duckdb"):
        with duckdb.connect(str(folder / database), read_only=True) as published:
            for (table,) in published.execute(
                "SELECT schema_name || '.' || table_name FROM duckdb_tables()"
            ).fetchall():
                contents += json.dumps(
                    published.execute(f"FROM {table}").fetchall(), ensure_ascii=False, default=str
                ).encode()
    for canary in CANARIES:
        assert canary.encode() not in contents


def test_same_content_is_the_same_snapshot(con, few, tmp_path):
    first = publish(con, tmp_path, KNOWN)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "published").rglob("*")}
    # A duplicate delivery and a rebuild change nothing that is published.
    con.execute(
        "INSERT INTO ops.batch (batch_id, feed, state, as_of) VALUES ('x-dup1', 'village', 'duplicate', DATE '2019-06-30')"
    )
    build(con, FEEDS, root=few)
    second = publish(con, tmp_path, KNOWN)
    assert second == {**first, "is_new": False}
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "published").rglob("*")} == before


def test_a_table_that_did_not_change_is_the_same_file_unless_it_has_rotted(con, tmp_path):
    def published(table: str) -> Path:
        return (tmp_path / "published" / "current" / "parquet" / f"{table}.parquet").resolve()

    publish(con, tmp_path, KNOWN)
    people, villages = published("person_status"), published("village_incidence")
    con.execute("UPDATE mart.person_status SET sex_code = '9'")
    assert publish(con, tmp_path, KNOWN)["is_new"]
    assert published("village_incidence").samefile(villages) and not published("person_status").samefile(people)
    rotten = published("village_incidence")
    os.chmod(rotten, 0o644)
    rotten.write_bytes(rotten.read_bytes()[:-1] + b"?")
    con.execute("UPDATE mart.person_status SET sex_code = '0'")
    publish(con, tmp_path, KNOWN)
    assert not published("village_incidence").samefile(rotten)
    assert duckdb.sql(f"SELECT count(*) FROM '{published('village_incidence')}'").fetchone() is not None


def test_content_decides_the_name_not_the_data_root(con, tmp_path):
    key = keys.secret("publication_key", tmp_path / "a")
    (tmp_path / "b" / "secrets").mkdir(parents=True)
    (tmp_path / "b" / "secrets" / "publication_key").write_text(key, encoding="ascii")
    ids = [publish(con, tmp_path / root, KNOWN)["snapshot_id"] for root in ("a", "b", "c")]
    assert ids[0] == ids[1] != ids[2], "another key makes other pseudonyms, hence another snapshot"


def test_killed_between_rename_and_switch(con, tmp_path):
    head = publish(con, tmp_path, KNOWN)
    base = tmp_path / "published"
    (base / "current").unlink()
    (base / ".current").symlink_to("nowhere")
    left = base / ".tmp-20190630-00000000" / "parquet"
    left.mkdir(parents=True)
    (left / "x.parquet").write_bytes(b"half")
    again = publish(con, tmp_path, KNOWN)
    assert again["snapshot_id"] == head["snapshot_id"] and not again["is_new"]
    assert sorted(path.name for path in base.iterdir()) == [".lock", head["snapshot_id"], "current"]


def test_refused_publication_leaves_the_current_one(con, tmp_path):
    head = publish(con, tmp_path, KNOWN)
    con.execute("UPDATE mart.household_status SET loan_state = '219900196001010018'")
    with pytest.raises(TerminalError) as refused:
        publish(con, tmp_path, KNOWN)
    assert "mart.household_status.loan_state" in str(refused.value) and "219900" not in str(refused.value)
    assert "发布被拒绝" in str(refused.value) and "publication refused" in str(refused.value)
    base = tmp_path / "published"
    assert os.readlink(base / "current") == head["snapshot_id"]
    assert sorted(path.name for path in base.iterdir()) == [".lock", head["snapshot_id"], "current"]


def test_undeclared_column_or_changed_type_is_refused(con, tmp_path):
    con.execute("ALTER TABLE mart.village_incidence ADD COLUMN remark VARCHAR")
    with pytest.raises(TerminalError, match=r"mart\.village_incidence\.remark"):
        publish(con, tmp_path, KNOWN)
    con.execute("ALTER TABLE mart.village_incidence DROP COLUMN remark")
    con.execute("ALTER TABLE mart.village_incidence ALTER numerator TYPE VARCHAR")
    with pytest.raises(TerminalError, match=r"numerator.*VARCHAR"):
        publish(con, tmp_path, KNOWN)


def test_only_the_last_snapshots_are_kept_and_never_without_the_current(con, later, tmp_path):
    names = [publish(con, tmp_path, KNOWN, keep=2)["snapshot_id"]]
    for day in ("2019-07-31", "2019-08-31"):
        later(day)
        names.append(publish(con, tmp_path, KNOWN, keep=2)["snapshot_id"])
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
    assert found["sources"]["codes/parameter.csv"] == disk.digest(snapshot.manifest.SQL / "codes" / "parameter.csv")
    assert found["tables"]["mart.person_status"]["rows"] == 2
    for name, facts in found["files"].items():
        assert disk.digest(folder / name) == facts["sha256"]


def test_dictionary_describes_every_published_column(home):
    folder = home / "published" / "current"
    with open(folder / "dictionary.csv", encoding="utf-8-sig", newline="") as handle:
        described = {(row["表"], row["列"]) for row in csv.DictReader(handle)}
    there = []
    for database in ("statistics.duckdb", "history.duckdb"):
        with duckdb.connect(str(folder / database), read_only=True) as published:
            there += published.execute(
                "SELECT schema_name || '.' || table_name, column_name, comment FROM duckdb_columns() WHERE schema_name <> 'main' "
                "AND (schema_name, table_name) IN (SELECT (schema_name, table_name) FROM duckdb_tables())"
            ).fetchall()
    assert described == {(table, column) for table, column, _ in there}
    assert all(comment for _, _, comment in there)


def test_run_date_prefers_what_files_say_to_when_they_came(con, few, later):
    deliver(con, "health_settlement", "2026-11-23", source="received")
    build(con, FEEDS, root=few)
    assert con.execute("SELECT as_of FROM ref.run").fetchone() == (dt.date(2019, 6, 30),)
    assert con.execute("SELECT bool_or(is_stale) FROM ref.feed_state").fetchone() == (False,)
    later("2019-08-15")
    stale = {name for (name,) in con.execute("SELECT feed FROM ref.feed_state WHERE is_stale").fetchall()}
    assert stale == {name for name, feed in FEEDS.items() if feed.freshness_days < 46} - {
        "health_settlement",
        "village",
    }


def test_two_builds_are_equal(stored, tmp_path):
    con = duckdb.connect(str(shutil.copyfile(stored, tmp_path / "copy.duckdb")), config={"threads": 1})

    def state() -> dict[str, Any]:
        names = [table.name for table in build_order() if not table.is_rule and not table.is_step] + [
            "ops.rule_run",
            "ops.clue",
        ]
        return {name: sorted(map(repr, con.execute(f"FROM {name}").fetchall())) for name in names}

    before = state()
    build(con, FEEDS)
    assert state() == before
    con.close()


def test_nothing_merged_yet_is_an_empty_snapshot(tmp_path):
    with duckdb.connect() as empty:
        create_tables(empty, FEEDS.values())
        rows = build(empty, FEEDS)
        assert rows["feed_quality"] == 0 or rows["feed_quality"] == len(FEEDS)
        assert publish(empty, tmp_path, FEEDS)["snapshot_id"].startswith("00000000-")


def test_guard_is_what_publish_runs(con, tmp_path, monkeypatch):
    called = []
    monkeypatch.setattr(
        guard,
        "enforce",
        lambda folder, feeds, batches, inspected, found: called.append((folder.name[:5], sorted(batches), list(found))),
    )
    publish(con, tmp_path, KNOWN)
    ((folder, batches, inspected),) = called
    assert folder == ".tmp-" and len(batches) == len(FEEDS)
    assert [path.name for path in inspected] == ["statistics.duckdb"]
