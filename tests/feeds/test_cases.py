"""Data-only cases ``tests/feeds/<feed>/<case>/``: a file as a department drops it, and what must become of it.

``input.csv`` or ``input.xlsx``; ``expect.csv``: the rows that land, in declared columns, as text (empty = NULL);
``expect_quarantine.csv``: row (as the sender counts), column, code of every reason; ``expect_warnings.csv``: rule,
count; ``expect_blocked.csv``: code of every reason for which the whole file is refused (then nothing lands and there is
no ``expect.csv``). A missing file means: nothing of that kind. The folder's name is the situation in words.
"""

import csv
import os
import re
import shutil
import time
from pathlib import Path

import duckdb
import pytest

from connectors import settings
from connectors.feed import load_feeds
from connectors.settings import ROOT
from expectations.parquet import parquet_sql
from expectations.rules import load_rules
from expectations.stage import rows_sql
from warehouse import keys, tasks
from warehouse.batch import Batch

HERE = Path(__file__).parent
FEEDS = load_feeds([ROOT / "connectors" / "feeds"])
CASES = sorted(path.parent for path in HERE.glob("*/*/input.*"))
NAMES = [f"{case.parent.name}/{case.name}" for case in CASES]


def expected(case: Path, name: str) -> list[tuple[str, ...]]:
    """Lines of one of the case's files, without its header; none if there is no such file."""
    path = case / name
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as handle:
        return [tuple(line) for line in csv.reader(handle)][1:]


def columns(case: Path) -> tuple[str, ...]:
    with (case / "expect.csv").open(encoding="utf-8", newline="") as handle:
        return tuple(next(csv.reader(handle)))


@pytest.fixture
def process(tmp_path, monkeypatch):
    """Drop a case's file and take it as far as validation; returns its batch."""
    monkeypatch.setenv("AIRFLOW__FUPIN__HOME", str(tmp_path))
    monkeypatch.setenv("AIRFLOW__FUPIN__FEEDS", "")

    def run(case: Path) -> Batch:
        feed = FEEDS[case.parent.name]
        inbox = tmp_path / "ingest" / feed.department
        inbox.mkdir(parents=True)
        (source,) = case.glob("input.*")
        dropped = inbox / source.name
        shutil.copyfile(source, dropped)
        # Only a file at rest is taken.
        os.utime(dropped, (time.time() - 3600,) * 2)
        (reference,) = tasks.collect(feed.name)
        assert reference.startswith(f"{feed.name}/"), "the file was not recognised"
        tasks.organise(*reference.split("/"))
        return Batch.load(tmp_path, reference)

    return run


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_case(case, process):
    batch = process(case)
    blocked = expected(case, "expect_blocked.csv")
    assert [(problem["code"],) for problem in batch.data.get("problems", [])] == blocked
    assert batch.state == ("blocked" if blocked else "validated")

    con = duckdb.connect()
    keys.unlock(con, settings.home())
    reasons = []
    if batch.rejects.exists():
        parts = f"SELECT _row, unnest(reasons, recursive := true) FROM {parquet_sql(batch.rejects)}"
        text = "SELECT CAST(_row AS VARCHAR), coalesce(\"column\", ''), code"
        reasons = con.execute(f"{text} FROM ({parts})").fetchall()
    assert sorted(reasons) == sorted(expected(case, "expect_quarantine.csv"))

    warnings = [(warning["rule"], str(warning["count"])) for warning in batch.data.get("warnings", [])]
    assert sorted(warnings) == sorted(expected(case, "expect_warnings.csv"))

    if blocked:
        return
    names = columns(case)
    assert set(batch.data["present"]) == set(names)
    texts = ", ".join(f"coalesce(CAST(\"{name}\" AS VARCHAR), '')" for name in names)
    refused = f" AND _row NOT IN (SELECT _row FROM {parquet_sql(batch.rejects)})" if batch.rejects.exists() else ""
    con.execute(f"CREATE VIEW landed AS SELECT * FROM ({rows_sql(batch.folder)}) WHERE true{refused}")
    assert con.execute(f"SELECT {texts} FROM landed ORDER BY _row").fetchall() == expected(case, "expect.csv")
    assert batch.data["rows_read"] == batch.data["rows_landed"] + batch.data["rows_quarantined"]
    assert batch.data["rows_landed"] == len(expected(case, "expect.csv"))


@pytest.mark.parametrize("name", FEEDS)
def test_every_feed_has_a_good_and_a_bad_case(name):
    cases = [case for case in CASES if case.parent.name == name]
    assert any(not expected(case, "expect_quarantine.csv") and expected(case, "expect.csv") for case in cases), (
        "no good case"
    )
    assert any(expected(case, "expect_quarantine.csv") for case in cases), "no bad case"


@pytest.mark.parametrize("name", FEEDS)
def test_every_rule_fires_in_a_case(name):
    fired = set()
    for case in (case for case in CASES if case.parent.name == name):
        fired |= {code for _, _, code in expected(case, "expect_quarantine.csv")}
        fired |= {rule for rule, _ in expected(case, "expect_warnings.csv")}
        fired |= {code for (code,) in expected(case, "expect_blocked.csv")}
    assert {rule.id for rule in load_rules(FEEDS[name])} - fired == set()


def test_no_case_of_an_unknown_feed():
    assert {path.name for path in HERE.iterdir() if path.is_dir() and path.name != "__pycache__"} <= set(FEEDS)


def test_everybody_is_synthetic():
    """Long digit strings that look like an id belong to the unassigned division 2199."""
    shape = re.compile(r"(?<!\d)[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])\d{5}[\dXx]")
    for path in HERE.glob("*/*/*.csv"):
        for found in shape.findall(path.read_text(encoding="utf-8", errors="ignore")):
            assert found.startswith("2199"), path
