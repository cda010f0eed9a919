"""One citizen id, two people: an engineer is asked where to look, never told who it is, and asked once."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from connectors.errors import TerminalError
from connectors.feed import load_feeds
from expectations import normalise
from warehouse import identity
from warehouse.history.schema import create_tables
from warehouse.history.tables import OPEN_DATE, OPEN_TIME
from warehouse.identity import questions
from warehouse.identity.decisions import resolve

FEEDS = load_feeds()
SHARED = "219901201005020018"
NIGHT, NEXT_NIGHT, NEXT_WEEK = "2019-07-01 02:17:00", "2019-07-02 02:17:00", "2019-07-08 02:18:00"


class Warehouse:
    """A warehouse in memory with one id that two people use."""

    def __init__(self) -> None:
        self.con = duckdb.connect(config={"threads": 1})
        normalise.install(self.con)
        identity.install(self.con, "k" * 16)
        create_tables(self.con, FEEDS.values())
        self.con.execute("INSERT INTO core.identity VALUES ('citizen_id', ?, 7, 'b')", [SHARED])
        self.state("household_registration", "张小明", "2010-05-02")

    def state(self, feed: str, name: str, born: str, key: int = 7, method: str = "id18", **more: Any) -> None:
        """A row of ``feed`` that says of the id ``key`` that it is ``name``, born on ``born``."""
        values = {"person_key": key, "name": name, "birth_date": born, "link_method": method, **more}
        self.con.execute(
            f"INSERT INTO core.{feed} ({', '.join(values)}, valid_from, valid_to, recorded_from, recorded_to, batch_id, source_row) "
            f"VALUES ({', '.join('?' for _ in values)}, DATE '2019-06-30', {OPEN_DATE}, TIMESTAMP '2019-07-01', {OPEN_TIME}, "
            f"left(md5('{feed}'), 16), (SELECT 2 + count(*) FROM core.{feed}))",
            list(values.values()),
        )

    def asked(self, when: str = NIGHT) -> list[dict[str, str]]:
        return questions.ask(self.con, FEEDS, when)

    def answer(self, question: str, answer: str, when: str = NIGHT) -> int:
        made = questions.settle(self.con, question, answer, "engineer", when)
        resolve(self.con, FEEDS)
        return made

    def keys(self, feed: str) -> dict[str, int]:
        return dict(self.con.execute(f"SELECT name, person_key FROM core.{feed}_now").fetchall())


@pytest.fixture
def warehouse() -> Warehouse:
    return Warehouse()


def test_two_people_with_one_id_are_parted_by_an_answer(warehouse: Warehouse) -> None:
    warehouse.state("education_enrollment", "李大红", "2011-09-09", student_key=1)
    (asked,) = warehouse.asked()
    # What Airflow keeps names nobody; it says where the engineer has to look.
    for value in ("张小明", "李大红", SHARED, SHARED[6:14], "2010-05-02", "2011-09-09", "2011"):
        assert value not in " ".join(asked.values())
    for feed in ("household_registration", "education_enrollment"):
        batch = warehouse.con.execute(f"SELECT batch_id FROM core.{feed}").fetchone()
        assert batch and f"{FEEDS[feed].title}：批次 {batch[0]} 第 2 行" in asked["body"]
    assert warehouse.answer(asked["question"], "两人") == 1
    # The id states the birth date of the one on the police register: he keeps it.
    assert warehouse.keys("household_registration") == {"张小明": 7}
    assert warehouse.keys("education_enrollment")["李大红"] != 7
    ((kind, name, who, why),) = warehouse.con.execute(
        "SELECT kind, name, decided_by, why FROM core.identity_decision"
    ).fetchall()
    assert (kind, name, who) == ("two_people", "李大红", "engineer") and asked["question"] in why
    assert warehouse.asked(NEXT_WEEK) == []


def test_the_name_whose_birth_date_the_id_states_keeps_it_whoever_reported_it(warehouse: Warehouse) -> None:
    warehouse.state("household_registration", "王五", "1950-01-01", key=8)
    warehouse.state("education_enrollment", "赵六", "2012-03-03", key=8, student_key=1)
    warehouse.con.execute("INSERT INTO core.identity VALUES ('citizen_id', '219902201203030029', 8, 'b')")
    (asked,) = warehouse.asked()
    warehouse.answer(asked["question"], "两人")
    assert warehouse.keys("education_enrollment") == {"赵六": 8}
    assert warehouse.keys("household_registration")["王五"] != 8


def test_the_same_person_is_not_asked_about_again_until_the_rows_change(warehouse: Warehouse) -> None:
    warehouse.state("education_enrollment", "张晓明", "2010-02-05", student_key=1)
    (asked,) = warehouse.asked()
    assert warehouse.answer(asked["question"], "同一人") == 1
    assert warehouse.asked(NEXT_WEEK) == []
    assert warehouse.con.execute("SELECT kind, name FROM core.identity_decision").fetchall() == [
        ("one_person", "张晓明")
    ]
    warehouse.state("registry_person", "钱七", "1980-08-08", person_id="2107820000000001")
    (again,) = warehouse.asked(NEXT_WEEK)
    assert again["question"] != asked["question"]


@pytest.mark.parametrize("said", ["以后再说", None])
def test_later_is_a_week(warehouse: Warehouse, said: str | None) -> None:
    warehouse.state("education_enrollment", "李大红", "2011-09-09", student_key=1)
    (asked,) = warehouse.asked()
    if said:
        warehouse.answer(asked["question"], said)
    assert warehouse.asked(NEXT_NIGHT) == []
    assert warehouse.asked(NEXT_WEEK) == [asked]


def test_what_is_no_conflict_is_not_asked(warehouse: Warehouse) -> None:
    # Another spelling, another day; never both. A row without an id says nothing about one.
    warehouse.state("education_enrollment", "张晓明", "2010-05-02", student_key=1)
    warehouse.state("registry_person", "张小明", "2010-05-20", person_id="2107820000000001")
    warehouse.state("registry_person", "钱七", "1980-08-08", method="none", person_id="2107820000000002")
    assert warehouse.asked() == []


def test_a_third_name_that_shares_the_owner_s_birth_date_stays(warehouse: Warehouse) -> None:
    warehouse.state("education_enrollment", "张晓明", "2010-05-02", student_key=1)
    warehouse.state("registry_person", "钱七", "1980-08-08", person_id="2107820000000001")
    (asked,) = warehouse.asked()
    assert warehouse.answer(asked["question"], "两人") == 1
    assert warehouse.keys("education_enrollment") == {"张晓明": 7}
    assert warehouse.keys("registry_person")["钱七"] != 7


def test_a_question_that_was_never_asked_is_refused(warehouse: Warehouse) -> None:
    with pytest.raises(TerminalError, match="no question"):
        warehouse.answer("q0123456789abcde", "两人")
    with pytest.raises(TerminalError, match="no such answer"):
        warehouse.answer("q0123456789abcde", "也许")


def test_what_a_rule_has_parted_is_asked_about_and_can_be_put_together(warehouse: Warehouse) -> None:
    """Another name and another birth date than the number's own: apart until somebody says that it is one person."""
    warehouse.con.execute("UPDATE core.identity SET value = '219901201005020018'")
    warehouse.state("education_enrollment", "李大红", "2011-09-09", student_key=1)
    resolve(warehouse.con, FEEDS)
    assert warehouse.keys("education_enrollment")["李大红"] != 7
    (asked,) = warehouse.asked()
    warehouse.answer(asked["question"], "同一人")
    assert warehouse.keys("education_enrollment") == {"李大红": 7}


def names_kept(warehouse: Warehouse) -> list[Any]:
    return warehouse.con.execute("SELECT other_names, answer FROM core.identity_question").fetchall()


@pytest.mark.parametrize("answer", ["两人", "同一人"])
def test_a_question_that_was_answered_keeps_no_name(warehouse: Warehouse, answer: str) -> None:
    warehouse.state("education_enrollment", "李大红", "2011-09-09", student_key=1)
    (asked,) = warehouse.asked()
    assert names_kept(warehouse) == [(["李大红"], None)]
    warehouse.answer(asked["question"], answer)
    assert names_kept(warehouse) == [(None, answer)]


@pytest.mark.parametrize("said", [None, "以后再说"])
def test_a_question_goes_with_the_rows_that_raised_it(warehouse: Warehouse, said: str | None) -> None:
    """Whose batch is withdrawn is not believed any more: his name is not kept for an answer that nobody needs."""
    warehouse.state("education_enrollment", "李大红", "2011-09-09", student_key=1)
    (asked,) = warehouse.asked()
    if said:
        warehouse.answer(asked["question"], said)
    assert questions.forget(warehouse.con, FEEDS) == 0
    warehouse.con.execute("UPDATE core.education_enrollment SET recorded_to = TIMESTAMP '2019-07-02'")
    assert questions.forget(warehouse.con, FEEDS) == 1
    assert names_kept(warehouse) == []
    with pytest.raises(TerminalError, match="withdrawn"):
        warehouse.answer(asked["question"], "两人")
