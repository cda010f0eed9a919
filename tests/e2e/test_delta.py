"""A department sends only what changed: nobody who is not in the file is gone, whatever comes before or behind it."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from tests.e2e.test_department import HEADER, ROWS, Office
from tests.e2e.test_withdrawal import BELIEVED, asked


def of(day: str, rows: list[list[str]], *, count: str | None = None) -> list[list[str]]:
    """The rows as of ``day``; with ``count`` another number of registered people."""
    return [[*row[:4], day, *row[5:7], count or row[7], *row[8:]] for row in rows]


VILLAGES = [[f"2107821002{number:02d}", f"村{number}", *ROWS[0][2:]] for number in range(20)]
CHANGED = of("2019-07-31", VILLAGES[:1], count="1000")
NEW = ["210782100299", "新村", *CHANGED[0][2:]]


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.setenv("AIRFLOW__FUPIN__HOME", str(tmp_path / "home"))
    return Office(tmp_path / "home")


def test_a_delta_changes_what_it_names_and_ends_nothing_else(office: Office) -> None:
    office.drop("六月.csv", [HEADER, *VILLAGES])
    office.load()
    office.drop("七月增量.csv", [HEADER, *CHANGED, NEW])
    (batch,) = office.sync()
    # The list that it changes has 20 rows: without the word it would be held.
    assert (batch["state"], batch["rows_inserted"], batch["rows_ended"]) == ("merged", 2, 1)
    assert asked(office, "SELECT coverage FROM ops.batch ORDER BY merged_at") == [("full",), ("rows",)]
    assert asked(office, "SELECT count(*), sum(household_count) FROM core.village_now") == [(21, 21 * 300)]
    told = office.told("七月增量.csv")
    assert "按增量处理：文件名注明“增量”" in told and "未列出的记录不视为减少" in told

    # The next full list is compared with the last full one, and speaks of everybody again.
    office.drop("八月.csv", [HEADER, *of("2019-08-31", VILLAGES[:18])])
    (full,) = office.load()
    assert (full["state"], full["rows_inserted"], full["rows_ended"]) == ("merged", 1, 4)
    assert asked(office, "SELECT count(*) FROM core.village_now") == [(18,)]


def test_the_same_file_without_the_word_is_held_and_its_receipt_tells_the_word(office: Office) -> None:
    office.drop("六月.csv", [HEADER, *VILLAGES])
    office.load()
    office.drop("七月.csv", [HEADER, *CHANGED])
    (held,) = office.load()
    assert (held["state"], held["reason"]) == ("blocked", "ROW_COUNT_COLLAPSE")
    assert "在文件名里写明“增量”后重新报送" in office.told("七月.csv")
    office.drop("七月增量.csv", [HEADER, *CHANGED])
    (batch,) = office.load()
    assert (batch["state"], batch["rows_ended"]) == ("merged", 1)


def test_a_delta_of_nothing_is_held_until_there_is_a_list(office: Office) -> None:
    office.drop("七月增量.csv", [HEADER, *CHANGED])
    (held,) = office.load()
    assert (held["state"], held["reason"]) == ("blocked", "DELTA_WITHOUT_LIST")
    office.drop("六月.csv", [HEADER, *VILLAGES])
    office.drop("七月增量.csv", [HEADER, *CHANGED])
    assert sorted(batch["rows_inserted"] for batch in office.load()) == [1, 20]


def test_refused_rows_of_a_delta_come_back_as_a_correction(office: Office) -> None:
    office.drop("六月.csv", [HEADER, *VILLAGES])
    office.load()
    wrong = of("2019-07-31", VILLAGES[1:2], count="一千")
    office.drop("七月增量.csv", [HEADER, *CHANGED, *wrong])
    (batch,) = office.load()
    assert (batch["rows_landed"], batch["rows_quarantined"], batch["rows_ended"]) == (1, 1, 1)
    book = office.receipt("七月增量.csv")
    for row in book["退回行"].iter_rows():
        for cell in row:
            if cell.value == "一千":
                cell.value = "1001"
    book.save(office.inbox / "更正.xlsx")
    (again,) = office.load()
    assert (again["state"], again["rows_landed"], again["rows_ended"]) == ("merged", 1, 1)
    assert asked(office, "SELECT count(*), max(person_count) FROM core.village_now") == [(20, 1001)]


def test_any_order_of_lists_and_deltas_ends_in_the_same_belief_and_a_withdrawn_one_leaves_none(tmp_path, monkeypatch):
    files = {
        "六月.csv": VILLAGES,
        "七月增量.csv": [*CHANGED, NEW],
        "八月.csv": of("2019-08-31", VILLAGES[:19]),
        "九月变更表.csv": of("2019-09-30", VILLAGES[2:3], count="870"),
    }
    beliefs, without = set(), set()
    for order in itertools.permutations(files):
        # A department's first file is a list: the oldest in its time, or the newest with everything else late.
        if order != tuple(files) and order[0] != "八月.csv":
            continue
        home = tmp_path / "-".join(order)
        monkeypatch.setenv("AIRFLOW__FUPIN__HOME", str(home))
        office = Office(home)
        batches = {}
        for name in order:
            batches[name] = deliver(office, name, files[name])
        beliefs.add(json.dumps(asked(office, BELIEVED)))
        withdraw(batches["七月增量.csv"])
        without.add(json.dumps(asked(office, BELIEVED)))
    assert len(beliefs) == len(without) == 1 and beliefs != without
    assert "210782100299" in beliefs.pop() and "210782100299" not in without.pop()


def deliver(office: Office, name: str, rows: list[list[str]]) -> str:
    """One file as far as its receipt; its reference."""
    office.drop(name, [HEADER, *rows])
    (batch,) = office.load()
    assert batch["state"] == "merged", batch
    return f"village/{batch['batch_id']}"


def withdraw(reference: str) -> None:
    from connectors import settings
    from connectors.feed import load_feeds
    from warehouse import withdrawing

    withdrawing.withdraw(settings.home(), reference, load_feeds(), "engineer", "发错了")
