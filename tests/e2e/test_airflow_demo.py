"""``make demo`` on a small county: every simulated feed's DAG succeeds, the snapshot is published, and a second time changes nothing."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from connectors.feed import load_feeds
from connectors.settings import ROOT
from demo.layouts import LAYOUTS
from tests.e2e.canaries import canaries, found_in
from warehouse.batch import Batch

PEOPLE = 2000


def demo(home: Path, *options: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW__")}
    return subprocess.run(
        [sys.executable, "-m", "warehouse.upkeep.demo", f"--people={PEOPLE}", *options],
        cwd=ROOT,
        env={**clean, "AIRFLOW__FUPIN__HOME": str(home), "AIRFLOW__API__PORT": "21900"},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )


def states(home: Path) -> Counter[str]:
    paths = (home / "landing").glob("*/*/batch.json")
    return Counter(Batch.load(home, f"{path.parent.parent.name}/{path.parent.name}").state for path in paths)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "data"


def test_ten_departments_files_become_a_snapshot(home: Path) -> None:
    done = demo(home)
    assert done.returncode == 0, done.stdout + done.stderr
    with sqlite3.connect(f"file:{home}/airflow/airflow.db?mode=ro", uri=True) as database:
        succeeded = {name for (name,) in database.execute("SELECT dag_id FROM dag_run WHERE state = 'success'")}
        failed = database.execute("SELECT dag_id, run_id FROM dag_run WHERE state = 'failed'").fetchall()
    assert succeeded >= {*LAYOUTS, "marts"} and failed == []
    assert states(home) == {"merged": 10}
    for name in (*LAYOUTS, "household_status", "village_incidence", "guarantee_coverage"):
        assert name in done.stdout
    assert (home / "published" / "current" / "statistics.duckdb").exists()
    assert not (home / "run" / "up.json").exists()


def test_a_second_time_changes_nothing(home: Path) -> None:
    before = {path.name for path in (home / "published").iterdir()}, (home / "published" / "current").resolve()
    done = demo(home)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (
        {path.name for path in (home / "published").iterdir()},
        (home / "published" / "current").resolve(),
    ) == before
    assert states(home) == {"merged": 10, "duplicate": 10}


def test_when_time_is_up_it_says_what_hangs(tmp_path: Path) -> None:
    done = demo(tmp_path / "data", "--timeout=1")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr and "fupin: " in done.stderr and "in time" in done.stderr
    assert not (tmp_path / "data" / "run" / "up.json").exists()


def test_nobody_of_the_county_can_be_found_where_he_may_not_be(home: Path) -> None:
    feeds = load_feeds()
    everybody = canaries(home, feeds.values())
    assert len(everybody.numbers) > PEOPLE and len(everybody.names) > PEOPLE / 2 and everybody.illnesses
    # The net is not torn: in the departments' own files, which lie where they were simulated, it finds them.
    assert [path for path in (home / "demo" / "ingest").rglob("*.*") if found_in(path, everybody)]
    own = {"demo", "ingest", "outbox"}
    files = [path for path in home.rglob("*") if path.is_file() and path.relative_to(home).parts[0] not in own]
    assert {path.relative_to(home).parts[0] for path in files} >= {
        "airflow",
        "docs",
        "landing",
        "published",
        "run",
        "warehouse",
    }
    leaks = {str(path.relative_to(home)): len(found) for path in files if (found := found_in(path, everybody))}
    assert leaks == {}
    # What goes back to a department tells no id, phone or account that it has not sent itself.
    for outbox in sorted((home / "outbox").iterdir()):
        sent = {one for path in (home / "demo" / "ingest" / outbox.name).glob("*") for one in found_in(path, everybody)}
        strangers = everybody.numbers - sent
        leaks = {path.name: len(found_in(path, everybody) & strangers) for path in outbox.rglob("*.*")}
        assert set(leaks.values()) <= {0}, leaks
