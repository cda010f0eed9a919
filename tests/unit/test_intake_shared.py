"""One feed that several departments drop: each into its own inbox, each with its own receipts, none mistaken for another's."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.errors import DeclarationError
from connectors.feed import Feed, inboxes, load_feeds
from tests.unit.test_files_support import HEADER, LOANS, MEMBERS, ROWS, csv_text, feed
from warehouse import intake
from warehouse.batch import UNRECOGNISED, unfinished

ANSWERS = """
name = "answers"
department = "fupinban"
also_from = "*"
title = "答复"
grain = "one row per answer"
mode = "append"
key = ["question"]
[source]
skip_all_empty = ["yes", "no"]
[[columns]]
name = "question"
type = "text"
aliases = ["问题编号"]
required = true
[[columns]]
name = "yes"
type = "text"
aliases = ["同意"]
[[columns]]
name = "no"
type = "text"
aliases = ["不同意"]
"""
CONTENT = "问题编号,同意,不同意\nQ{},是,\n"


@pytest.fixture
def feeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Feed]:
    monkeypatch.setenv("AIRFLOW__FUPIN__SETTLE_SECONDS", "0")
    for department in ("fupinban", "yinhang"):
        (tmp_path / "ingest" / department).mkdir(parents=True)
    return {
        "answers": feed(tmp_path, ANSWERS),
        "loans": feed(tmp_path, LOANS),
        "members": feed(tmp_path, MEMBERS),
    }


def drop(home: Path, department: str, name: str, content: str) -> None:
    (home / "ingest" / department / name).write_text(content, encoding="utf-8")


def test_answers_come_from_every_department_s_inbox(tmp_path: Path, feeds: dict[str, Feed]) -> None:
    drop(tmp_path, "fupinban", "甲.csv", CONTENT.format(1))
    drop(tmp_path, "yinhang", "乙.csv", CONTENT.format(2))
    assert len(intake.collect(tmp_path, feeds["answers"], feeds)) == 1  # its own department's inbox
    assert len(intake.collect(tmp_path, feeds["answers"], feeds, everywhere=True)) == 2
    assert {batch.data["original_name"]: batch.data["department"] for batch in unfinished(tmp_path, "answers")} == {
        "甲.csv": "fupinban", "乙.csv": "yinhang",
    }  # fmt: skip


def test_whoever_sorts_a_department_s_inbox_wakes_the_shared_feed(tmp_path: Path, feeds: dict[str, Feed]) -> None:
    drop(tmp_path, "yinhang", "答复.csv", CONTENT.format(1))
    drop(tmp_path, "yinhang", "贷款.csv", csv_text([HEADER, *ROWS]))
    woken: list[str] = []
    assert len(intake.collect(tmp_path, feeds["loans"], feeds, woken.append)) == 1
    assert woken == ["answers"]


def test_a_file_that_nobody_knows_is_told_by_the_department_s_own_feed(tmp_path: Path, feeds: dict[str, Feed]) -> None:
    drop(tmp_path, "yinhang", "谜.csv", "甲,乙\n1,2\n")
    assert intake.collect(tmp_path, feeds["answers"], feeds, everywhere=True) == []
    (batch,) = unfinished(tmp_path, UNRECOGNISED)
    assert intake.waiting(tmp_path, feeds["loans"], feeds) == [batch.reference]
    # A department that drops nothing of its own still hears of it.
    only = {"answers": feeds["answers"]}
    drop(tmp_path, "fupinban", "谜.csv", "甲,乙\n3,4\n")
    assert len(intake.collect(tmp_path, feeds["answers"], only)) == 1


def test_a_department_whose_data_are_pulled_has_an_inbox_for_its_answers() -> None:
    declared = load_feeds()
    assert inboxes(declared) == sorted({one.department for one in declared.values()})
    assert {one.name for one in declared.values() if one.also_from} == {"clue_verification", "department_total"}


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (ANSWERS.replace('"append"', '"snapshot"'), "also_from is not for full lists"),
        (ANSWERS.replace("[source]", '[source]\nkind = "database"'), "also_from is for files that are dropped"),
        (ANSWERS.replace('["yes", "no"]', '["maybe"]'), "source.skip_all_empty names an undeclared column"),
    ],
)
def test_a_declaration_that_makes_no_sense_is_refused(tmp_path: Path, source: str, told: str) -> None:
    with pytest.raises(DeclarationError, match=told):
        feed(tmp_path, source)
