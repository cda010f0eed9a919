"""A clue lives on between runs: it is new once, goes on, is cleared, comes back, and waits while nobody can judge."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path
from typing import Any

import duckdb
import pytest

from connectors.errors import DeclarationError
from connectors.feed import load_feeds
from warehouse.history.schema import create_tables
from warehouse.history.tables import OPEN_DATE, OPEN_TIME
from warehouse.monitor import build

FEEDS = load_feeds()
JUNE, JULY, AUGUST = dt.date(2019, 6, 28), dt.date(2019, 7, 31), dt.date(2019, 8, 30)
RULE = """-- L01 单户贷款超限
-- 余额超过上限的户。
-- 政策依据: 试验。
-- Severity: 红
-- Owner: yinhang
-- Version: {version}
-- Subject: household（建档立卡共同生活户）
-- Parameters: LOAN_CAP
-- Feeds: bank_loan
-- Inputs: core.bank_loan_now.
-- Limits: none.
-- Tie-breaks: none.
SELECT household_id AS subject, CAST(NULL AS BIGINT) AS person_key, household_id, CAST(NULL AS VARCHAR) AS village_code,
  CASE WHEN balance_yuan > 50000 THEN '命中' WHEN balance_yuan IS NULL THEN '无法判定' ELSE '未命中' END AS verdict, balance_yuan
FROM core.bank_loan_now
"""


class Warehouse:
    """A warehouse in memory into which loans come and go."""

    def __init__(self) -> None:
        self.con = duckdb.connect()
        create_tables(self.con, FEEDS.values())

    def deliver(self, day: dt.date, *loans: tuple[str, str | None]) -> None:
        self.con.execute("DELETE FROM core.bank_loan")
        for household, balance in loans:
            self.con.execute(
                f"INSERT INTO core.bank_loan (loan_no, household_id, product_code, balance_yuan, valid_from, valid_to, recorded_from, recorded_to) "
                f"VALUES ('J' || ?, ?, '1', ?, DATE '2019-01-01', {OPEN_DATE}, ?, {OPEN_TIME})",
                [household, household, balance, dt.datetime.combine(day, dt.time())],
            )
        self.con.execute(
            "INSERT INTO ops.batch (batch_id, feed, state, as_of, merged_at) VALUES (?, 'bank_loan', 'merged', ?, ?)",
            [f"b{day}", day, dt.datetime.combine(day, dt.time())],
        )

    def rounds(self, subject: str) -> list[tuple]:
        return self.con.execute(
            "SELECT round, CAST(r.opened_on AS VARCHAR), CAST(r.due_date AS VARCHAR), CAST(r.cleared_on AS VARCHAR) FROM ops.clue_round AS r "
            "JOIN ops.clue AS c ON c.clue_id = r.clue_id WHERE c.subject = ? ORDER BY round",
            [subject],
        ).fetchall()

    def clues(self) -> list[tuple]:
        return self.con.execute(
            "SELECT subject, CAST(first_seen AS VARCHAR), CAST(opened_on AS VARCHAR), CAST(last_seen AS VARCHAR), "
            "CAST(cleared_on AS VARCHAR), times_opened, CAST(due_date AS VARCHAR) FROM ops.clue ORDER BY subject"
        ).fetchall()


class Rules:
    """A folder of rules that stands for ``sql/``, another one after each change: what a folder says is read once; ``on`` builds a
    warehouse with it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.files = folder, dict[str, str]()
        self.write("l01_loan")

    def write(self, name: str, version: str = "1，2014-01-01 至 9999-12-31") -> None:
        self.files[name] = RULE.format(version=version)
        self.root = Path(tempfile.mkdtemp(dir=self.folder))
        (self.root / "rules").mkdir()
        for stem, text in self.files.items():
            (self.root / "rules" / f"{stem}.sql").write_text(text, encoding="utf-8")

    def on(self, warehouse: Warehouse, day: dt.date, **options: Any) -> None:
        build(warehouse.con, FEEDS, day, root=self.root, **options)


@pytest.fixture
def rules(tmp_path: Path) -> Rules:
    return Rules(tmp_path)


def test_a_clue_is_new_goes_on_is_cleared_and_comes_back(rules):
    warehouse = Warehouse()
    warehouse.deliver(JUNE, ("H1", "60000"), ("H2", "10000"))
    rules.on(warehouse, JUNE)
    # Friday 28 June plus three working days.
    assert warehouse.clues() == [("H1", "2019-06-28", "2019-06-28", "2019-06-28", None, 1, "2019-07-03")]
    warehouse.deliver(JULY, ("H1", "55000"), ("H2", "10000"))
    rules.on(warehouse, JULY)
    assert warehouse.clues() == [("H1", "2019-06-28", "2019-06-28", "2019-07-31", None, 1, "2019-07-03")]
    warehouse.deliver(AUGUST, ("H1", "50000"), ("H2", "70000"))
    rules.on(warehouse, AUGUST)
    assert warehouse.clues() == [
        ("H1", "2019-06-28", "2019-06-28", "2019-07-31", "2019-08-30", 1, "2019-07-03"),
        ("H2", "2019-08-30", "2019-08-30", "2019-08-30", None, 1, "2019-09-04"),
    ]
    # Over the national holiday: 30 September is Monday, then work goes on on the 8th.
    back = dt.date(2019, 9, 30)
    warehouse.deliver(back, ("H1", "99000"), ("H2", "70000"))
    rules.on(warehouse, back)
    assert warehouse.clues()[0] == ("H1", "2019-06-28", "2019-09-30", "2019-09-30", None, 2, "2019-10-10")
    assert warehouse.rounds("H1") == [
        (1, "2019-06-28", "2019-07-03", "2019-08-30"),
        (2, "2019-09-30", "2019-10-10", None),
    ]


def test_the_same_run_twice_changes_nothing(rules):
    warehouse = Warehouse()
    warehouse.deliver(JUNE, ("H1", "60000"))
    rules.on(warehouse, JUNE)
    before = warehouse.clues()
    rules.on(warehouse, JUNE, anew=True)
    assert warehouse.clues() == before


def test_whoever_cannot_be_judged_keeps_the_clue_and_gets_no_new_one(rules):
    warehouse = Warehouse()
    warehouse.deliver(JUNE, ("H1", "60000"))
    rules.on(warehouse, JUNE)
    warehouse.deliver(JULY, ("H1", None), ("H2", None))
    rules.on(warehouse, JULY)
    assert warehouse.clues() == [("H1", "2019-06-28", "2019-06-28", "2019-06-28", None, 1, "2019-07-03")]


def test_a_stale_feed_or_an_unset_parameter_judges_nobody(rules):
    warehouse = Warehouse()
    warehouse.deliver(JUNE, ("H1", "60000"), ("H2", "10000"))
    rules.on(warehouse, JUNE)
    before = warehouse.clues()
    warehouse.con.execute("DELETE FROM core.bank_loan")
    rules.on(warehouse, JUNE + dt.timedelta(days=90))
    assert warehouse.clues() == before
    assert warehouse.con.execute("SELECT missing_feeds FROM ops.rule_run").fetchall() == [("bank_loan",)]
    assert warehouse.con.execute("SELECT count(*) FROM ops.rule_hit").fetchall() == [(0,)]
    # Before the parameter's first day.
    warehouse.deliver(JUNE, ("H1", "60000"))
    rules.on(warehouse, dt.date(2014, 11, 1))
    assert warehouse.con.execute("SELECT unset, unset_parameters FROM ops.rule_run").fetchall() == [(1, "LOAN_CAP")]


def test_the_version_in_force_on_the_day_judges(rules):
    rules.write("l01_loan", "2，2019-07-01 至 9999-12-31")
    rules.write("l01_loan_v1", "1，2014-01-01 至 2019-07-01")
    warehouse = Warehouse()
    for day, version in ((JUNE, 1), (JULY, 2)):
        warehouse.deliver(day, ("H1", "60000"))
        rules.on(warehouse, day)
        assert warehouse.con.execute("SELECT rule_version FROM ops.rule_run").fetchall() == [(version,)]
        assert warehouse.con.execute("SELECT rule_version FROM ops.clue").fetchall() == [(version,)]


def test_two_versions_that_hold_on_one_day_are_refused(rules):
    rules.write("l01_loan_v2", "2，2019-01-01 至 9999-12-31")
    with pytest.raises(DeclarationError, match="holds on the same day"):
        rules.on(Warehouse(), JUNE)


def test_what_has_not_changed_is_not_built_again(rules):
    warehouse = Warehouse()
    warehouse.deliver(JUNE, ("H1", "60000"))
    made: list[str] = []
    rules.on(warehouse, JUNE, progress=made.append)
    assert [line.strip() for line in made] == ["rule.l01_loan", "ops.clue"]
    made.clear()
    rules.on(warehouse, JUNE, progress=made.append)
    assert made == []
    warehouse.deliver(JULY, ("H1", "60000"))
    rules.on(warehouse, JUNE, progress=made.append)
    assert [line.strip() for line in made] == ["rule.l01_loan", "ops.clue"]
