"""A refused row is not an absent one: what is kept of it, and that nobody is a hit because of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from connectors.errors import DeclarationError
from connectors.feed import load_feeds
from expectations import normalise
from warehouse import identity, refusals
from warehouse.history.deliveries import Delivery
from warehouse.history.schema import create_tables
from warehouse.history.tables import OPEN_DATE, OPEN_TIME
from warehouse.monitor import build
from warehouse.monitor.rules import all_rules, check

FEEDS = load_feeds()
RULE = """-- G06 基本医疗未参保
-- 没有参保的。
-- 政策依据: 试验。
-- Severity: 红
-- Owner: yibao
-- Version: 1，2014-01-01 至 9999-12-31
-- Subject: {kind}
-- Parameters: none
-- Feeds: health_insurance
-- Undone by: {undone_by}
-- Inputs: core.registry_person_now.
-- Limits: none.
-- Tie-breaks: none.
SELECT person_id AS subject, person_key, household_id, CAST(NULL AS VARCHAR) AS village_code,
  CASE WHEN is_minimum_living THEN '未命中' ELSE '命中' END AS verdict
FROM core.registry_person_now
"""


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        normalise.install(con)
        identity.install(con, "k" * 16)
        create_tables(con, FEEDS.values())
        yield con


def sound(con: duckdb.DuckDBPyConnection, head: str) -> str:
    row = con.execute("SELECT ? || id_check_digit(?)", [head, head]).fetchone()
    assert row is not None
    return str(row[0])


def noted(
    con: duckdb.DuckDBPyConnection, folder: Path, refused: list[tuple[str, list[str]]], staged: str, feed: str
) -> list[tuple]:
    """What is kept of ``refused`` rows (code, cells), numbered from 2; ``staged``: SELECT of those that could be read into columns."""
    rejects = folder / "rejects.parquet"
    con.execute(
        'CREATE OR REPLACE TABLE given (_row BIGINT, reasons STRUCT(code VARCHAR, "column" VARCHAR, rule VARCHAR)[], cells VARCHAR[])'
    )
    for number, (code, cells) in enumerate(refused, start=2):
        con.execute("INSERT INTO given SELECT ?, [{'code': ?, 'column': NULL, 'rule': NULL}], ?", [number, code, cells])
    con.execute(f"COPY given TO '{rejects}' (FORMAT parquet)")
    present = {name for name, *_ in con.execute(f"DESCRIBE {staged}").fetchall()} - {"_row"}
    delivery = Delivery(FEEDS[feed], "b1", f"({staged})", "given", frozenset(present), "2019-06-30", "1", "full")
    refusals.note(con, FEEDS[feed], delivery, rejects)
    return con.execute(
        "SELECT source_row, kind, person_key, word, CAST(birth_date AS VARCHAR) FROM ops.refused ORDER BY ALL"
    ).fetchall()


def test_what_is_kept_of_a_refused_row(con, tmp_path):
    whole = sound(con, "21990019700101001")
    (key,) = con.execute("SELECT keyed_hash(?)", [whole]).fetchone()
    staged = "SELECT * FROM (VALUES (2, '王强'), (3, '李红'), (4, '赵军'), (5, NULL), (6, '孙梅')) AS t(_row, name)"
    found = noted(
        con,
        tmp_path,
        [
            ("MONEY_INVALID", ["王强", f"'{whole}", "全额资助", "2018-12-10"]),
            ("ID_LENGTH", ["李红", whole[:17], "220.00"]),
            ("ID_MISSING", ["赵军", "未办理", "220.00"]),
            ("REQUIRED_MISSING", ["", whole, "220.00"]),
            ("DUPLICATE_ROW", ["孙梅", whole, "220.00"]),
            # A broken row: no cell stands where it belongs.
            ("ROW_STRUCTURE", ["219900000876", "", "秦建宇", "2019-04-25", "JJ0000095701"]),
        ],
        staged,
        "health_insurance",
    )
    assert found == [
        (2, "person", key, None, None),
        (3, "name", None, "李红", "1970-01-01"),
        (4, "name", None, "赵军", None),
        (5, "person", key, None, None),
        (7, "name", None, "秦建宇", None),
        (7, "number", None, "219900000876", None),
        (7, "number", None, "JJ0000095701", None),
    ]


def test_no_number_that_may_be_a_citizen_id_is_kept_as_text(con, tmp_path):
    whole = sound(con, "21990019700101001")
    wrong = whole[:17] + ("5" if whole[-1] != "5" else "6")
    cells = [
        whole[:17],
        whole[:16],
        wrong,
        whole + "0",
        "G" + wrong,
        "AB" + whole,
        whole[:6] + whole[8:17],
        "14401234567",
    ]
    staged = "SELECT 2 AS _row, CAST(NULL AS VARCHAR) AS name"
    found = noted(con, tmp_path, [("ID_LENGTH", cells)], staged, "health_insurance")
    assert [word for *_, word, _ in found if word] == []


def test_the_same_batch_again_replaces_what_was_noted(con, tmp_path):
    staged = "SELECT 2 AS _row, '王强' AS name"
    for _ in range(2):
        found = noted(con, tmp_path, [("ID_MISSING", ["王强", "未办理"])], staged, "health_insurance")
    assert found == [(2, "name", None, "王强", None)]


class Judged:
    """A rule of its own folder, three people whom it finds and one whom it does not."""

    def __init__(self, con: duckdb.DuckDBPyConnection, root: Path, kind: str, undone_by: str) -> None:
        self.con, self.root = con, root
        for folder in ("rules", "core"):
            (root / folder).mkdir()
        (root / "rules" / "g06_insurance.sql").write_text(RULE.format(kind=kind, undone_by=undone_by), encoding="utf-8")
        (root / "core" / "open_row.sql").write_text(
            "SELECT feed, kind AS subject_kind, word AS subject FROM ops.refused", encoding="utf-8"
        )
        con.execute(
            "INSERT INTO core.registry_person (person_id, person_key, household_id, is_minimum_living, valid_from, valid_to, recorded_to) "
            f"SELECT *, DATE '2019-01-01', {OPEN_DATE}, {OPEN_TIME} FROM "
            "(VALUES ('1', 1, 'H1', FALSE), ('2', 2, 'H2', FALSE), ('3', 3, 'H3', FALSE), ('4', 4, 'H4', TRUE))"
        )
        con.execute(
            "INSERT INTO ops.batch (batch_id, feed, state, as_of, merged_at) VALUES ('b1', 'health_insurance', 'merged', '2019-06-30', '2019-07-01')"
        )

    def verdicts(self) -> list[tuple]:
        build(self.con, FEEDS, dt.date(2019, 6, 30), root=self.root)
        return self.con.execute("SELECT subject, verdict FROM ops.rule_hit ORDER BY ALL").fetchall()

    def refuse(self, feed: str, kind: str, word: str) -> None:
        self.con.execute("INSERT INTO ops.refused (feed, kind, word) VALUES (?, ?, ?)", [feed, kind, word])


def test_a_hit_of_whom_a_refused_row_may_speak_cannot_be_judged(con, tmp_path):
    judged = Judged(con, tmp_path, "person", "health_insurance")
    assert judged.verdicts() == [("1", "命中"), ("2", "命中"), ("3", "命中")]
    judged.refuse("health_insurance", "person", "2")
    # Of another feed, of another kind of subject, and of one who was no hit: nothing changes.
    judged.refuse("bank_loan", "person", "1")
    judged.refuse("health_insurance", "household", "3")
    judged.refuse("health_insurance", "person", "4")
    # What is refused is reason enough to judge again.
    assert judged.verdicts() == [("1", "命中"), ("2", "无法判定"), ("3", "命中")]
    assert con.execute("SELECT hits, clear, unknown FROM ops.rule_run").fetchone() == (2, 1, 1)


def test_a_loan_is_looked_for_by_its_number_its_person_and_its_household(con, tmp_path):
    judged = Judged(con, tmp_path, "loan", "registry_person, bank_loan")
    judged.refuse("bank_loan", "record", "1")
    judged.refuse("registry_person", "household", "H2")
    judged.refuse("registry_person", "person", "3")
    judged.refuse("registry_person", "village", "1")
    assert judged.verdicts() == [("1", "无法判定"), ("2", "无法判定"), ("3", "无法判定")]


def test_a_rule_that_is_undone_by_nothing_asks_nothing(con, tmp_path):
    judged = Judged(con, tmp_path, "person", "none")
    judged.refuse("health_insurance", "person", "2")
    assert judged.verdicts() == [("1", "命中"), ("2", "命中"), ("3", "命中")]


def test_a_rule_cannot_be_undone_by_a_feed_that_nobody_declared(con, tmp_path):
    judged = Judged(con, tmp_path, "person", "weather")
    with pytest.raises(DeclarationError, match="weather"):
        check(FEEDS, judged.root)


def test_every_feed_that_could_undo_a_hit_is_one_that_the_platform_knows():
    undone = {rule.rule_id: rule.undone_by for rule in all_rules()}
    assert {feed for feeds in undone.values() for feed in feeds} <= set(FEEDS)
    # Whoever judges by what is not there has to say where it might be.
    assert all(undone[rule_id] for rule_id in ("G01", "G04", "G06", "G09", "G14", "G15", "P01", "P03", "P08", "T02"))
