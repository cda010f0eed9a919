"""``fupin status``: what an engineer should look at in the morning is told, with its cure, and no person's data."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
from pathlib import Path

import pytest

from connectors.feed import load_feeds
from tests.small import copy_root
from warehouse import audit, sources
from warehouse.batch import open_mark, write_json
from warehouse.cli.main import main
from warehouse.database import open_warehouse, writer_lock
from warehouse.history.schema import ensure
from warehouse.upkeep import status

FEEDS = load_feeds()
NOW = dt.datetime(2019, 9, 1, 1)
# Somebody's name and id: a file may be called like that.
FILE = "张三219901201005020018.xlsx"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with tables and a log."""
    home = tmp_path_factory.mktemp("status") / "data"
    with open_warehouse(home) as con:
        ensure(con, FEEDS.values())
        audit.note(con, home, "release", "village/1", who="甲", why="复核过")
    return home


@pytest.fixture
def home(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copy_root(made, tmp_path / "data")
    monkeypatch.setenv("AIRFLOW__FUPIN__HOME", str(tmp_path / "data"))
    return tmp_path / "data"


def lines(home: Path, now: dt.datetime = NOW) -> dict[str, status.Line]:
    found = status.examine(home, FEEDS, now)
    assert not any(FILE[:2] in line.told or FILE[2:20] in line.told for line in found)
    return {line.what: line for line in found}


def ledger(home: Path, state: str, received: dt.datetime, batch: str = "b1", feed: str = "bank_loan") -> None:
    with open_warehouse(home) as con:
        con.execute(
            "INSERT INTO ops.batch (batch_id, feed, department, state, received_at, merged_at) VALUES (?, ?, 'yinhang', ?, ?, ?)",
            [batch, feed, state, received, received if state == "merged" else None],
        )


def test_before_the_first_delivery_nothing_is_broken(tmp_path: Path) -> None:
    found = lines(tmp_path / "nowhere")
    assert found["warehouse"].state == status.LOOK and "no batch" in found["warehouse"].told
    assert {line.state for line in found.values()} <= {status.FINE, status.LOOK}


def test_a_late_feed_and_a_file_that_nobody_takes_in(home: Path) -> None:
    (home / "landing" / "bank_loan").mkdir(parents=True)
    sources.remember(home, {"feed": "bank_loan", "as_of": "2019-01-01", "rows_read": 1})
    inbox = home / "ingest" / "yinhang"
    inbox.mkdir(parents=True)
    (inbox / FILE).write_bytes(b"x")
    old, young = NOW - dt.timedelta(minutes=61), NOW - dt.timedelta(minutes=59)
    for since, state in ((young, status.FINE), (old, status.BAD)):
        at = since.replace(tzinfo=dt.UTC).timestamp()
        os.utime(inbox / FILE, (at, at))
        found = lines(home)
        assert found["inboxes"].state == state
    assert "yinhang" in found["inboxes"].told and found["feeds"].state == status.LOOK
    assert "bank_loan by" in found["feeds"].told


def test_a_batch_that_stopped_half_way(home: Path) -> None:
    folder = home / "landing" / "bank_loan" / "b1"
    open_mark(folder).parent.mkdir(parents=True)
    folder.mkdir()
    open_mark(folder).touch()
    received = NOW - dt.timedelta(hours=1)
    write_json(folder / "batch.json", {"feed": "bank_loan", "state": "staged", "received_at": received.isoformat()})
    assert lines(home)["batches"].state == status.FINE
    found = lines(home, NOW + dt.timedelta(hours=2))["batches"]
    assert found.state == status.BAD and "bank_loan/b1" in found.told


def test_a_refused_delivery_waits_until_another_is_merged(home: Path) -> None:
    ledger(home, "blocked", NOW - dt.timedelta(days=3))
    held = lines(home)["blocked"]
    assert held.state == status.LOOK and "bank_loan/b1" in held.told and "release" in held.cure
    ledger(home, "merged", NOW - dt.timedelta(days=2), "b2")
    found = lines(home)
    assert found["blocked"].state == status.FINE
    assert found["snapshot"].state == status.BAD and "fupin publish" in found["snapshot"].cure


def test_backups_and_drills_grow_old(home: Path) -> None:
    assert (lines(home)["backup"].state, lines(home)["backup"].told) == (status.LOOK, "never")
    with open_warehouse(home) as con:
        audit.note(con, home, "backup", "b1")
        audit.note(con, home, "drill", "b1")
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    for days, backup, drill in (
        (1, status.FINE, status.FINE),
        (3, status.BAD, status.FINE),
        (10, status.BAD, status.BAD),
    ):
        found = lines(home, now + dt.timedelta(days=days))
        assert (found["backup"].state, found["drill"].state) == (backup, drill)


def test_a_changed_log_and_a_full_disk(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(home)
    for free, state in ((2**40, status.FINE), (2**29, status.LOOK), (2**20, status.BAD)):
        monkeypatch.setattr(shutil, "disk_usage", lambda path, free=free: usage._replace(free=free))
        assert lines(home)["space"].state == state
    assert lines(home)["log"].state == status.FINE
    with open_warehouse(home) as con:
        con.execute("UPDATE ops.audit SET who = '乙'")
    found = lines(home)["log"]
    assert found.state == status.BAD and "entry 1" in found.told


def test_who_asks_during_a_load_does_not_wait(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "WAIT_SECONDS", 0.1)
    with writer_lock(home):
        found = lines(home)
    assert found["warehouse"].state == status.FINE and "ask again" in found["warehouse"].told
    assert "log" not in found and found["space"].state == status.FINE


def test_the_command_ends_badly_when_something_is_bad(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ledger(home, "merged", NOW)
    assert main(["status", "--json"]) == 1
    told = {line["what"]: line["state"] for line in json.loads(capsys.readouterr().out)}
    assert told["snapshot"] == status.BAD and told["log"] == status.FINE
    assert main(["status"]) == 1
    out = capsys.readouterr().out
    assert "what" in out.splitlines()[0] and "fupin publish" in out
