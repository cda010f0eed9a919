"""A county's clerks answer every review list as the truth has it: whoever was among the candidates is found, and nobody is asked again."""

from __future__ import annotations

import json
from typing import Any

import openpyxl
import pytest

from connectors.feed import load_feeds
from tests.e2e.commands import fupin
from tests.e2e.county import County
from tests.e2e.identity_truth import links_sql, score
from warehouse.history.views import record_sql

PEOPLE, SEED = 1500, 12
FEEDS = load_feeds()
SUBJECTS = [feed for feed in FEEDS.values() if feed.subject]


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> County:
    return County(tmp_path_factory.mktemp("review"), PEOPLE, SEED, "--identity", "--dirt", "real")


def night(county: County) -> dict[str, Any]:
    return json.loads(fupin(county.home, "link").stdout)


def truth(county: County) -> dict[str, str]:
    """Item → the conclusion that an all-knowing clerk would choose."""
    people = dict(county.truth.execute("SELECT person, citizen_id FROM persons").fetchall())
    rows = {
        (feed, row): person
        for feed, row, person in county.truth.execute('SELECT feed, "row", person FROM rows').fetchall()
    }
    keys = dict(
        county.warehouse(
            "SELECT i.value, coalesce(a.spine_key, i.person_key) FROM core.identity AS i "
            "LEFT JOIN core.person_alias AS a ON a.person_key = i.person_key WHERE i.kind = 'citizen_id'"
        )
    )
    answers = {}
    for (name,) in county.warehouse("SELECT DISTINCT feed FROM core.review_item"):
        items = county.warehouse(
            f"SELECT i.item, i.candidates, t.source_row FROM core.review_item AS i JOIN core.{name} AS t "
            f"ON i.record = {record_sql(FEEDS[name], 't.')} AND t.recorded_to > DATE '9000-01-01' WHERE i.feed = '{name}'"
        )
        for item, candidates, row in items:
            key = keys.get(people.get(rows.get((name, row)), ""))
            answers[item] = f"候选{candidates.index(key) + 1}" if key in candidates else "都不是"
    return answers


def fill(county: County, answers: dict[str, str]) -> int:
    """Every list in the outbox, filled in and dropped back; how many rows."""
    filled = 0
    inbox = county.home / "ingest" / "fupinban"
    for path in sorted((county.home / "outbox" / "fupinban").glob("人员核对_*.xlsx")):
        book = openpyxl.load_workbook(path)
        sheet = book["核对表"]
        headers = [cell.value for cell in sheet[4]]
        conclusion, reviewer = headers.index("结论") + 1, headers.index("核对人") + 1
        for row in range(5, sheet.max_row + 1):
            sheet.cell(row, conclusion).value = answers[sheet.cell(row, 1).value]
            sheet.cell(row, reviewer).value = "赵明"
            filled += 1
        book.save(inbox / path.name)
        path.unlink()
    return filled


def unknown(county: County) -> Any:
    with county.opened() as con:
        return score(
            con,
            links_sql(SUBJECTS).replace(" AS h JOIN", "_now AS h JOIN"),
            [county.out / "truth"],
        )["none"]


def test_clerks_answers_find_people_and_end_the_questions(county: County) -> None:
    first = night(county)
    assert first["pending"] > 20 and first["lists"] > 3
    # The same night again says the same.
    again = night(county)
    assert (again["changed"], again["lists"], again["pending"]) == (0, 0, first["pending"])
    before = unknown(county)

    answers = truth(county)
    assert fill(county, answers) == first["pending"] == len(answers)
    batches = json.loads(fupin(county.home, "sync", "--json").stdout)
    assert {(batch["feed"], batch["state"]) for batch in batches} == {("link_review", "merged")}
    assert sum(batch["rows_landed"] for batch in batches) == first["pending"]

    second = night(county)
    assert second["decided"] == first["pending"] and second["changed"] == 1
    found = sum(answer != "都不是" for answer in answers.values())
    assert county.warehouse(
        "SELECT count(*) FROM core.identity_decision WHERE method = 'review' AND kind = 'link'"
    ) == [(found,)]
    after = unknown(county)
    assert found > 10 and after.home > before.home and after.precision >= before.precision
    # Answers may raise new questions (somebody is free now), never the old ones.
    assert second["pending"] < first["pending"] / 10
    # No citizen id in anything that left the warehouse.
    ids = [value for (value,) in county.warehouse("SELECT value FROM core.identity WHERE kind = 'citizen_id'")]
    assert ids and not any(value in path.name for value in ids for path in county.home.glob("outbox/*/*"))
